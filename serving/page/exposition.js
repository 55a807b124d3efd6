const SAMPLE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Prometheus' text format. */
class Exposition {
  constructor(text) {
    this.samples = text.split("\n").map(line => SAMPLE.exec(line)).filter(Boolean).map(([, name, labels, value]) =>
      ({name, labels: Object.fromEntries([...(labels ?? "").matchAll(LABEL)].map(([, key, quoted]) => [key, unescaped(quoted)])), value: Number(value)}));
  }

  of(name) {
    return this.samples.filter(sample => sample.name === name);
  }

  /** Summed over all labels. */
  sum(name) {
    return this.of(name).reduce((total, {value}) => total + value, 0);
  }

  /** [{le, value}] of a histogram's series with these labels: how many were at most `le`. */
  buckets(name, labels) {
    return this.of(name + "_bucket").filter(sample => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
      .map(({labels: {le}, value}) => ({le: Number(le.replace("+Inf", "Infinity")), value})).sort((a, b) => a.le - b.le);
  }

  /** Interpolated within its bucket as Prometheus does it; null before the first observation. */
  quantile(share, name, labels) {
    const buckets = this.buckets(name, labels);
    const all = buckets.at(-1)?.value;
    if (!all) return null;
    const index = buckets.findIndex(({value}) => value >= share * all);
    const {le: low, value: below} = buckets[index - 1] ?? {le: 0, value: 0};
    const {le: high, value: until} = buckets[index];
    return Number.isFinite(high) ? low + (high - low) * (share * all - below) / (until - below || 1) : low;
  }
}

const unescaped = text => text.replace(/\\(.)/g, (_, character) => character === "n" ? "\n" : character);
