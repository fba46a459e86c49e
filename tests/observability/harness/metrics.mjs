/** One answer of /metrics in the text format. */
export class Metrics {
  /** Family name → { type, help }. */
  families = new Map();
  /** { name, labels, value } of every line. */
  samples = [];

  static parse(text) {
    const metrics = new Metrics();
    for (const line of text.split('\n')) {
      const about = /^# (TYPE|HELP) (\S+) (.*)$/.exec(line);
      if (about) {
        const family = metrics.families.get(about[2]) ?? {};
        family[about[1].toLowerCase()] = about[3];
        metrics.families.set(about[2], family);
      } else if (line !== '' && !line.startsWith('#')) {
        metrics.samples.push(sample(line));
      }
    }
    return metrics;
  }

  /** The samples of one name that have these labels. */
  select(name, labels = {}) {
    return this.samples.filter(sample =>
      sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value));
  }

  /** The sum of their values; 0 when there is none. */
  sum(name, labels) {
    return this.select(name, labels).reduce((sum, sample) => sum + sample.value, 0);
  }

  /** The sums by some labels: { "GET 200": 7 }. What is 0 is left out. */
  sumBy(name, keys, labels) {
    const sums = {};
    for (const sample of this.select(name, labels)) {
      const key = keys.map(key => sample.labels[key]).join(' ');
      sums[key] = (sums[key] ?? 0) + sample.value;
    }
    return Object.fromEntries(Object.entries(sums).filter(([, value]) => value !== 0).sort());
  }

  /** What identifies each sample: its name and its labels. */
  series() {
    return this.samples.map(sample => `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`);
  }
}

function sample(line) {
  const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
  if (!match) throw new Error(`not a sample: ${line}`);
  const labels = {};
  for (const [, key, value] of (match[2] ?? '').matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/g))
    labels[key] = value.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
  return { name: match[1], labels, value: Number(match[3].replace('Inf', 'Infinity')) };
}
