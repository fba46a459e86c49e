// Runs the suites one after another, each with enclaves and a proxy of its own.
import { readdirSync } from 'node:fs';
import { killChildren } from '../clients/harness/processes.mjs';
import { Report } from '../clients/harness/report.mjs';
import { Stage } from './harness/stage.mjs';

const all = readdirSync(new URL('suites/', import.meta.url)).map(file => file.replace(/\.mjs$/, '')).sort();
const names = process.argv.length > 2 ? process.argv.slice(2) : all;
const wrong = names.filter(name => !all.includes(name));
if (wrong.length > 0) {
  console.error(`not known: ${wrong.join(', ')}; suites: ${all.join(', ')}`);
  process.exit(2);
}

process.on('uncaughtException', error => report.stray(error));
process.on('unhandledRejection', error => report.stray(error));
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => { killChildren(); process.exit(130); });

const report = new Report('observability', 300_000);
for (const name of names) {
  const { default: suite } = await import(`./suites/${name}.mjs`);
  report.suite = name;
  const stage = new Stage(report);
  try {
    await suite(stage);
  } catch (error) {
    report.failed('the suite runs to its end', error);
  }
  await stage.end();
}
killChildren();
console.log(String(report));
process.exit(report.counts.failed === 0 && report.counts.passed > 0 ? 0 : 1);
