// Runs the suites: one for each folder of deploy/ that they check.
import { Report } from '../harness/report.mjs';
import { refuseUnknown, runSuites, suitesIn } from '../harness/runner.mjs';
import { Stage } from '../harness/stage.mjs';

const folder = new URL('suites/', import.meta.url);
const all = suitesIn(folder);
const names = process.argv.length > 2 ? process.argv.slice(2) : all;
refuseUnknown(names.filter(name => !all.includes(name)), all);

const report = new Report('deploy', 120_000);
await runSuites(report, folder, names.map(name => ({ suite: name, title: name, open: () => new Stage(report) })));
