/** What the server answered to the row in the form. */
class Answer {
  /** `stored` is the golden row's own probability while the form holds it, else null. */
  score(result, row, stored) {
    const percent = result.probability * 100;
    const fill = make("i");
    fill.style.width = percent + "%";
    at("answer").replaceChildren(
      make("p", {className: "probability"}, short(Number(percent.toPrecision(4))) + " %"),
      make("p", {className: "digits"}, String(result.probability)),
      make("div", {className: "bar", ariaHidden: "true"}, fill),
      make("p", {className: "pills"}, this.comparison(result, stored), ...this.flags(result.flags)));
    at("explanation").replaceChildren(...(result.contributions ? explanation(result, row) : []));
    this.exchange(row, result);
  }

  refusal(status, result, row) {
    const problems = (result.problems ?? []).map(({where, problem, hint}) =>
      make("li", {}, make("b", {}, where), ` ${problem}. `, make("span", {className: "note"}, hint + ".")));
    at("answer").replaceChildren(
      make("p", {}, make("span", {className: "pill bad"}, String(status)), " ", result.error ?? "not scored"),
      make("ul", {}, ...problems));
    at("explanation").replaceChildren();
    this.exchange(row, result);
  }

  failure(message) {
    at("answer").replaceChildren(make("p", {}, make("span", {className: "pill bad"}, "no answer"), " ", message));
    at("explanation").replaceChildren();
    at("exchange").replaceChildren();
  }

  comparison(result, stored) {
    if (stored === null) return null;
    return stored === result.probability
      ? make("span", {className: "pill good"}, "equals the stored probability")
      : make("span", {className: "pill bad"}, "differs from the stored " + stored);
  }

  flags(flags) {
    return Object.entries(flags).flatMap(([flag, names]) =>
      names.map(name => make("span", {className: "pill warn"}, flag.replaceAll("_", " ") + ": " + name)));
  }

  exchange(row, result) {
    const body = JSON.stringify(row).replaceAll("'", "'\\''");
    const command = `curl -s '${new URL("predict?explain=1", location.href)}' -H 'content-type: application/json' -d '${body}'`;
    at("exchange").replaceChildren(
      folded("The same in a shell", command), folded("The answer as JSON", JSON.stringify(result, null, 1)));
  }
}

const folded = (title, text) =>
  make("details", {}, make("summary", {}, title), make("pre", {tabIndex: 0}, text));
