// Runs the suites, each with a proxy and enclaves of its own.
import { parseArgs } from 'node:util';
import { Report } from '../harness/report.mjs';
import { refuseUnknown, runSuites, suitesIn } from '../harness/runner.mjs';
import { Stage } from './harness/stage.mjs';

const { values, positionals } = parseArgs({
  options: { figures: { type: 'boolean', default: false } },
  allowPositionals: true,
});

const folder = new URL('suites/', import.meta.url);
const all = suitesIn(folder);
const names = positionals.length > 0 ? positionals : all;
refuseUnknown(names.filter(name => !all.includes(name)), all);

const report = new Report('egress', values.figures ? 1_800_000 : 90_000);
await runSuites(report, folder, names.map(name => ({
  suite: name,
  title: name,
  open: () => new Stage(report, values.figures),
  minutes: values.figures ? 45 : 15,
})));
