const REMARKS = {
  unknown_categories: "training did not know this value",
  outside_range: "outside of what training saw",
};

/** The form: what is typed becomes a row, which the server scores. */
class RowForm {
  constructor(answer) {
    this.answer = answer;
    this.inputs = [...document.querySelectorAll("input[data-input]")];
    this.latest = 0;
    at("example").addEventListener("change", () => { this.fill(this.example().row); this.score(); });
    at("clear").addEventListener("click", () => { this.fill({}); this.inputs[0]?.focus(); });
    at("row").addEventListener("submit", event => { event.preventDefault(); this.score(true); });
    this.fill(this.example().row);
  }

  /** The golden row that is chosen. */
  example() {
    const {row, probability} = at("example").selectedOptions[0].dataset;
    return {row: JSON.parse(row), probability: JSON.parse(probability)};
  }

  fill(row) {
    for (const input of this.inputs) input.value = row[input.dataset.input] ?? "";
    this.remark(new Map());
  }

  row() {
    return Object.fromEntries(this.inputs.map(input => [input.dataset.input, valueOf(input)]));
  }

  /** The golden row's probability, as long as the form still holds it. */
  stored(row) {
    const golden = this.example();
    return Object.keys(row).every(name => row[name] === golden.row[name]) ? golden.probability : null;
  }

  /** An answer that was overtaken by a later one is dropped. */
  async score(submitted = false) {
    const row = this.row(), number = ++this.latest;
    try {
      const headers = {"content-type": "application/json"};
      const answer = await fetch("predict?explain=1", {method: "POST", headers, body: JSON.stringify(row)});
      const result = await answer.json();
      if (number !== this.latest) return;
      if (answer.ok) this.scored(result, row);
      else this.refused(answer.status, result, row);
      if (submitted) this.lead();
    } catch (error) {
      if (number === this.latest) this.answer.failure("The server does not answer: " + error.message);
    }
  }

  scored(result, row) {
    const remarks = new Map();
    for (const [flag, text] of Object.entries(REMARKS))
      for (const name of result.flags[flag] ?? []) remarks.set(name, text);
    this.remark(remarks);
    this.answer.score(result, row, this.stored(row));
  }

  refused(status, result, row) {
    const problems = new Map((result.problems ?? []).map(({where, problem, hint}) => [where, `${problem}. ${hint}.`]));
    this.remark(problems, true);
    this.answer.refusal(status, result, row);
  }

  /** To the first refused field, else to the answer, where it is not in sight. */
  lead() {
    const refused = this.inputs.find(input => input.ariaInvalid === "true");
    if (refused) refused.focus();
    else at("answer").scrollIntoView({block: "nearest"});
  }

  /** Texts under the fields, by the input's name. */
  remark(texts, invalid = false) {
    for (const input of this.inputs) {
      const text = texts.get(input.dataset.input) ?? "";
      input.setAttribute("aria-invalid", String(invalid && text !== ""));
      at(input.id.replace("input", "remark")).textContent = text;
    }
  }
}

/** Text in a number's field is sent as it was typed: the server describes the problem. */
function valueOf({value, dataset}) {
  if (value.trim() === "") return null;
  return dataset.kind === "number" && Number.isFinite(Number(value)) ? Number(value) : value;
}

new RowForm(new Answer());
