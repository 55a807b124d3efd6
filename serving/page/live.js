const POLL_MILLISECONDS = 2000;
const FLAGGED = [
  ["kamado_unknown_category_total", "unknown category", "feature"],
  ["kamado_outside_range_total", "outside of range", "feature"],
  ["kamado_outside_bounds_total", "outside of bounds", "rule"],
];

/** The counters of /metrics, read every two seconds while the page is seen and not paused. */
class Live {
  constructor() {
    this.paused = false;
    this.previous = null;
    at("pause").addEventListener("click", () => this.pause(!this.paused));
    setInterval(() => this.tick(), POLL_MILLISECONDS);
    this.tick();
  }

  pause(paused) {
    this.paused = paused;
    at("pause").setAttribute("aria-pressed", String(paused));
    this.pulse(paused ? "paused" : "reading", "");
    this.tick();
  }

  async tick() {
    if (this.paused || document.hidden) return;
    try {
      const answer = await fetch("metrics", {signal: AbortSignal.timeout(POLL_MILLISECONDS)});
      const exposition = new Exposition(await answer.text());
      if (!this.paused) this.show(exposition);
    } catch {
      this.pulse("no answer", "bad");
    }
  }

  show(metrics) {
    const now = performance.now(), rows = metrics.sum("kamado_rows_total") ?? 0;
    const rate = this.previous && (rows - this.previous.rows) / (now - this.previous.now) * 1000;
    this.previous = {rows, now};
    const latency = share => milliseconds(metrics.quantile(share, "kamado_request_seconds", {route: "/predict"}));
    const values = {
      rows: short(rows), rate: rate === null ? "-" : short(Number(rate.toPrecision(3))), median: latency(0.5), tail: latency(0.99),
      "in-flight": short(metrics.sum("kamado_inflight") ?? 0), refused: short(metrics.sum("kamado_refused_total") ?? 0)};
    for (const [name, value] of Object.entries(values)) document.querySelector(`[data-live="${name}"]`).textContent = value;
    counts("reasons", metrics.of("kamado_refused_total").map(({labels: {status, code}, value}) => [`${status}, ${code}`, value]));
    counts("flagged", FLAGGED.flatMap(([name, flag, label]) => metrics.of(name).map(({labels, value}) => [`${flag}: ${labels[label]}`, value])));
    this.pulse("live", "good");
  }

  pulse(text, state) {
    at("pulse").textContent = text;
    at("pulse").className = "pill " + state;
  }
}

const milliseconds = seconds => seconds === null ? "-" : short(Number((seconds * 1000).toPrecision(2))) + " ms";

function counts(id, rows) {
  const seen = rows.filter(([, value]) => value > 0).sort(([, a], [, b]) => b - a);
  const entries = seen.length ? seen : [["none", 0]];
  at(id).replaceChildren(...entries.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, short(value))]));
}

new Live();
