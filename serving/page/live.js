const POLL_MILLISECONDS = 2000;
const ROUTE = "/predict";
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
    const rows = metrics.sum("kamado_rows_total");
    const latency = share => milliseconds(metrics.quantile(share, "kamado_request_seconds", {route: ROUTE}));
    tile("rows", short(rows));
    tile("rate", this.rate(rows));
    tile("median", latency(0.5));
    tile("tail", latency(0.99));
    tile("in-flight", short(metrics.sum("kamado_inflight")));
    tile("refused", short(metrics.sum("kamado_refused_total")));
    counts("reasons", metrics.of("kamado_refused_total").map(({labels: {status, code}, value}) => [`${status}, ${code}`, value]));
    counts("flagged", FLAGGED.flatMap(([name, flag, label]) =>
      metrics.of(name).map(({labels, value}) => [`${flag}: ${labels[label]}`, value])));
    counts("phases", phases(metrics), value => short(Number(value.toPrecision(3))) + " µs");
    distribution("probabilities", metrics.buckets("kamado_probability", {}));
    this.pulse("live", "good");
  }

  /** Rows a second since the counters were read last. */
  rate(rows) {
    const now = performance.now(), previous = this.previous;
    this.previous = {rows, now};
    return previous ? short(Number(((rows - previous.rows) / (now - previous.now) * 1000).toPrecision(3))) : "-";
  }

  pulse(text, state) {
    at("pulse").textContent = text;
    at("pulse").className = "pill " + state;
  }
}

/** [name, mean microseconds] of each phase of a request. */
function phases(metrics) {
  const of = suffix => metrics.of("kamado_phase_seconds" + suffix).filter(({labels}) => labels.route === ROUTE);
  const requests = Object.fromEntries(of("_count").map(({labels, value}) => [labels.phase, value]));
  return of("_sum").map(({labels, value}) => [labels.phase, value / (requests[labels.phase] || 1) * 1e6]);
}

function tile(name, text) {
  document.querySelector(`[data-live="${name}"]`).textContent = text;
}

const milliseconds = seconds => seconds === null ? "-" : short(Number((seconds * 1000).toPrecision(2))) + " ms";

new Live();
