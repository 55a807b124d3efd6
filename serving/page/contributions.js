const SHOWN = 12;

/** Contributions as bars from a common zero, the largest first. The position is one of them, though nobody sends it. */
function explanation(result, row) {
  const parts = Object.entries(result.contributions).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  const largest = Math.max(...parts.map(([, value]) => Math.abs(value)), 1e-9);
  const bars = parts.map(([name, value]) => contribution(name, row[name], value, value / largest));
  const rest = bars.slice(SHOWN);
  return [
    make("h3", {}, "What moved it"),
    make("p", {className: "note"}, `In log odds: ${short(result.base)} on average in training, ${short(result.margin)} for this row. Right raises the probability, left lowers it.`),
    make("ul", {className: "bars"}, ...bars.slice(0, SHOWN)),
    rest.length ? make("details", {}, make("summary", {}, `${rest.length} smaller ones`), make("ul", {className: "bars"}, ...rest)) : "",
  ];
}

function contribution(name, input, value, share) {
  const fill = make("i", {className: value < 0 ? "lowers" : "raises"});
  fill.style.width = Math.abs(share) * 50 + "%";
  const position = at("explanation").dataset.position;
  const text = input === undefined ? `held at ${position}` : input === null ? "not known" : String(input);
  return make("li", {},
    make("span", {className: "name"}, name, " ", make("small", {}, text)),
    make("span", {className: "digits"}, signed(value)),
    make("span", {className: "scale", ariaHidden: "true"}, fill));
}
