// Runs the suites, each with enclaves of its own.
import { Report } from '../harness/report.mjs';
import { refuseUnknown, runSuites, suitesIn } from '../harness/runner.mjs';
import { EnclaveStage } from './harness/stage.mjs';

const folder = new URL('suites/', import.meta.url);
const all = suitesIn(folder);
const names = process.argv.length > 2 ? process.argv.slice(2) : all;
refuseUnknown(names.filter(name => !all.includes(name)), all);

const report = new Report('enclave', 180_000);
await runSuites(report, folder, names.map(name => ({ suite: name, title: name, open: () => new EnclaveStage(report) })));
