/** Counts by name into a list, the largest first; those of 0 are left out. */
function counts(id, rows, text = short) {
  const seen = rows.filter(([, value]) => value > 0).sort(([, a], [, b]) => b - a);
  const entries = seen.length ? seen : [["none", 0]];
  at(id).replaceChildren(...entries.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value ? text(value) : "")]));
}

/** The rows of each bucket of probabilities, as bars. */
function distribution(id, buckets) {
  const rows = buckets.map(({le, value}, index) => ({from: buckets[index - 1]?.le ?? 0, le, count: value - (buckets[index - 1]?.value ?? 0)}))
    .filter(({le}) => Number.isFinite(le));
  const most = Math.max(...rows.map(({count}) => count), 1);
  at(id).replaceChildren(...rows.map(({from, le, count}) => {
    const fill = make("i", {className: "share"});
    fill.style.width = count / most * 100 + "%";
    return make("li", {}, make("span", {}, `${short(from * 100)} to ${short(le * 100)} %`),
      make("span", {className: "digits"}, short(count)), make("span", {className: "scale", ariaHidden: "true"}, fill));
  }));
}
