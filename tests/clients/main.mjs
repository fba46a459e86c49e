// Runs the suites one after another, each with applications and a proxy of its own.
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Report } from './harness/report.mjs';
import { Stage } from './harness/stage.mjs';
import { killChildren } from './harness/processes.mjs';

const { values, positionals } = parseArgs({
  options: { way: { type: 'string', multiple: true, default: ['plain'] } },
  allowPositionals: true,
});

const all = readdirSync(new URL('suites/', import.meta.url)).map(file => file.replace(/\.mjs$/, '')).sort();
const names = positionals.length > 0 ? positionals : all;
const wrong = [
  ...names.filter(name => !all.includes(name)),
  ...values.way.filter(way => !['plain', 'transforms', 'direct'].includes(way)),
];
if (wrong.length > 0) {
  console.error(`not known: ${wrong.join(', ')}; suites: ${all.join(', ')}`);
  process.exit(2);
}

// What a client or a server throws outside of any promise that a check awaits belongs to the check that runs.
process.on('uncaughtException', error => report.stray(error));
process.on('unhandledRejection', error => report.stray(error));
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => { killChildren(); process.exit(130); });

const report = new Report('clients', 60_000);
for (const way of values.way) {
  for (const name of names) {
    const { default: suite } = await import(`./suites/${name}.mjs`);
    report.suite = way === 'plain' ? name : `${name} (${way})`;
    const stage = new Stage(report, way);
    try {
      await suite(stage);
    } catch (error) {
      report.failed('the suite runs to its end', error);
    }
    await stage.end();
  }
}
killChildren();
console.log(String(report));
process.exit(report.counts.failed === 0 && report.counts.passed > 0 ? 0 : 1);
