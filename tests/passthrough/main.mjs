// Runs the suites, each with enclaves and proxies of its own.
import { parseArgs } from 'node:util';
import { Report } from '../harness/report.mjs';
import { refuseUnknown, runSuites, suitesIn } from '../harness/runner.mjs';
import { Stage } from './harness/stage.mjs';

const { values, positionals } = parseArgs({
  options: { way: { type: 'string', multiple: true, default: ['ours'] }, soak: { type: 'boolean', default: false } },
  allowPositionals: true,
});

const folder = new URL('suites/', import.meta.url);
const all = suitesIn(folder);
const names = positionals.length > 0 ? positionals : all;
refuseUnknown([
  ...names.filter(name => !all.includes(name)),
  ...values.way.filter(way => !['ours', 'haproxy'].includes(way)),
], all);

const report = new Report('passthrough', values.soak ? 900_000 : 120_000);
await runSuites(report, folder, values.way.flatMap(way => names.map(name => ({
  suite: name,
  title: way === 'ours' ? name : `${name} (${way})`,
  open: () => new Stage(report, way, values.soak),
}))));
