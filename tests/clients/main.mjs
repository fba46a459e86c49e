// Runs the suites, each with applications and a proxy of its own, and in each of the ways that are asked for.
import { parseArgs } from 'node:util';
import { Report } from '../harness/report.mjs';
import { refuseUnknown, runSuites, suitesIn } from '../harness/runner.mjs';
import { Stage } from './harness/stage.mjs';

const { values, positionals } = parseArgs({
  options: { way: { type: 'string', multiple: true, default: ['plain'] } },
  allowPositionals: true,
});

const folder = new URL('suites/', import.meta.url);
const all = suitesIn(folder);
const names = positionals.length > 0 ? positionals : all;
refuseUnknown([
  ...names.filter(name => !all.includes(name)),
  ...values.way.filter(way => !['plain', 'transforms', 'direct'].includes(way)),
], all);

const report = new Report('clients', 60_000);
await runSuites(report, folder, values.way.flatMap(way => names.map(name => ({
  suite: name,
  title: way === 'plain' ? name : `${name} (${way})`,
  open: () => new Stage(report, way),
}))));
