// Lines of the application on their way to the parent's log.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../harness/waiting.mjs';
import { Wire, echo } from '../../harness/wire.mjs';

const MEGABYTES = 1000;
const LINE = 'a line of sixty-four bytes, as logs often have them, with an end';

const shell = script => ['sh', '-c', script];
const numbered = 'say() { seq -f "n %g of lines that are all as long as this one, more or less" $1 $2; }';

/** The numbers of such lines, in the order in which they came. */
const numbers = lines => lines.map(line => /^n (\d+)/.exec(line)?.[1]).filter(Boolean).map(Number);

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Numbers in which a gap may be, as ranges. */
function ranges(numbers) {
  const found = [];
  for (const number of numbers) {
    if (found.at(-1)?.[1] === number - 1) found.at(-1)[1] = number;
    else found.push([number, number]);
  }
  return found;
}

export default async function linesSuite(stage) {
  await stage.check('the last lines are with the parent when the program has ended: the application’s, then its exit code', async () => {
    const parent = await stage.parent();
    const enclave = await stage.enclave(
      shell(`${numbered}; say 1 2000; echo to stderr >&2; printf "without an end"; exit 3`), { Logs: { To: `unix:${parent.path}` } });
    assert.equal(await enclave.code(), 3);
    await until(() => parent.events().some(({ text }) => text.includes('exit code 3')));
    const lines = parent.lines();
    assert.deepEqual(numbers(lines), range(1, 2000));
    assert.ok(lines.includes('to stderr') && lines.includes('without an end'));
    stage.saw(parent.events().map(({ level, text }) => `${level}: ${text}`).join('; '));
    assert.equal(enclave.said(), '');
  });

  await stage.check(`${MEGABYTES} MB at once: the writer does not wait, memory is bounded, losses are counted, bridges answer`, async () => {
    const parent = await stage.parent({ LinesPerSecond: 1000 });
    const folder = await stage.folder();
    const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => echo(new Wire(socket)).catch(() => socket.destroy()));
    server.listen(join(folder, 'app.sock'));
    await once(server, 'listening');
    stage.atEndOfCheck(() => server.close());
    const flood = `yes '${LINE}' | head -c ${MEGABYTES}000000`;
    const enclave = await stage.enclave(
      ['bash', '-c', `trap "exit 6" TERM; until [ -e go ]; do sleep 0.05; done; s=$EPOCHREALTIME; ${flood}; e=$EPOCHREALTIME
        s2=$EPOCHREALTIME; ${flood} | cat > /dev/null; e2=$EPOCHREALTIME
        echo "{\\"took\\":$(( (\${e/./} - \${s/./}) / 1000 )),\\"plain\\":$(( (\${e2/./} - \${s2/./}) / 1000 ))}" > took.new; mv took.new took
        while :; do sleep 0.1; done`],
      {
        Ingress: [{ Listen: `unix:${join(folder, 'in.sock')}`, To: `unix:${join(folder, 'app.sock')}` }],
        Logs: { To: `unix:${parent.path}` },
      });
    const wire = await until(() => Wire.open(join(folder, 'in.sock')).catch(() => null));
    stage.atEndOfCheck(() => wire.destroy());
    const latencies = async goesOn => {
      const found = [];
      while (goesOn(found)) {
        const start = performance.now();
        assert.equal(await wire.ask('are you there'), 'are you there');
        found.push(performance.now() - start);
        await sleep(5);
      }
      return found.sort((one, other) => one - other);
    };
    const said = found => `median ${found[found.length >> 1].toFixed(2)} ms, longest ${found.at(-1).toFixed(1)} ms of ${found.length}`;
    const quiet = await latencies(found => found.length < 100);
    const [before, cpu] = [enclave.memory(), enclave.cpu()];
    const tookFile = join(enclave.folder, 'took');
    writeFileSync(join(enclave.folder, 'go'), '');
    const busy = await latencies(() => !existsSync(tookFile));
    const { took, plain } = JSON.parse(readFileSync(tookFile, 'utf8'));
    const after = enclave.memory();
    stage.saw(`${took} ms, ${(MEGABYTES / took * 1000).toFixed(0)} MB/s (through a plain pipe to cat: ${plain} ms); `
      + `processor time of the program ${(enclave.cpu() - cpu).toFixed(2)} s; `
      + `memory ${before.now.toFixed(0)} MB before, at most ${after.most.toFixed(0)} MB`);
    stage.saw(`bridge: quiet ${said(quiet)}; meanwhile ${said(busy)}`);
    assert.ok(after.most - before.now < 128, `${after.most - before.now} MB more`);

    const expected = Math.floor(MEGABYTES * 1e6 / (LINE.length + 1)) + 1;
    await until(async () => await enclave.metric('parentproxy_inside_log_waiting_bytes') === 0);
    const [sent, lost] = await Promise.all(['sent', 'lost'].map(result => enclave.metric('parentproxy_inside_log_lines_total', result)));
    const own = parent.events().length;
    stage.saw(`${expected} lines: ${sent} sent (${own} of them the program's own), ${lost} lost`);
    assert.ok(sent + lost >= expected && sent + lost <= expected + 2000, `${sent} + ${lost}`);
    enclave.signal('SIGTERM');
    assert.equal(await enclave.code(), 6);
  });

  await stage.check('parent away for a while: lines are kept in their order, and what found no room is counted at its place', async () => {
    const first = await stage.parent();
    const enclave = await stage.enclave(
      shell(`${numbered}; wait_for() { until [ -e $1 ]; do sleep 0.05; done; }; trap "exit 0" TERM
        say 1 100; wait_for two; say 101 300; wait_for three; say 301 200000; echo > flooded; wait_for four; say 200001 200100
        while :; do sleep 0.1; done`),
      { Logs: { To: `unix:${first.path}`, BufferBytes: 65536 } });
    const next = name => writeFileSync(join(enclave.folder, name), '');
    await until(() => numbers(first.lines()).length === 100);
    await first.stop();
    await enclave.says('takes no lines');
    stage.saw(/.*takes no lines.*/.exec(enclave.said()));
    next('two');
    await sleep(1000);

    const second = await first.again();
    stage.atEndOfCheck(() => second.kill());
    await until(() => numbers(second.lines()).length >= 200);
    assert.deepEqual(numbers(second.lines()), range(101, 300));
    await second.stop();
    next('three');
    await until(() => existsSync(join(enclave.folder, 'flooded')));

    const third = await second.again();
    stage.atEndOfCheck(() => third.kill());
    // Nothing is taken before a part of what waits is gone.
    await until(async () => await enclave.metric('parentproxy_inside_log_waiting_bytes') === 0);
    next('four');
    await until(() => numbers(third.lines()).includes(200100));
    const seen = ranges(numbers(third.lines()));
    const told = third.events().map(({ text }) => /^(\d+) lines were lost here/.exec(text)?.[1]).filter(Boolean).map(Number);
    stage.saw(`after the flood: ${seen.map(([from, to]) => `${from}–${to}`).join(', ')}; told to be lost: ${told}`);
    assert.equal(seen[0][0], 301);
    const missing = 200100 - 300 - seen.reduce((sum, [from, to]) => sum + to - from + 1, 0);
    assert.equal(told.reduce((sum, lines) => sum + lines, 0), missing);
    enclave.signal('SIGTERM');
    assert.equal(await enclave.code(), 0);
  });

  await stage.check('parent never there: the application runs as ever, and the end is not held up for long', async () => {
    const enclave = await stage.enclave(shell('seq 1 1000; echo done > done; exit 7'), { Logs: { To: `unix:/nowhere/logs.sock` } });
    assert.equal(await enclave.code(), 7);
    stage.saw(enclave.said().trim().split('\n').join('; '));
    assert.match(enclave.said(), /takes no lines/);
    assert.match(enclave.said(), /\d+ lines have not reached the parent's log/);
  });

  await stage.check('parent never there: a signal at the end holds the last lines up no longer', async () => {
    const enclave = await stage.enclave(shell('echo > ended; exit 7'), { Logs: { To: `unix:/nowhere/logs.sock` } });
    await enclave.says('takes no lines');
    // Before, signals are the application's.
    await until(() => existsSync(join(enclave.folder, 'ended')) && enclave.processes().length === 0);
    const start = performance.now();
    while (await Promise.race([enclave.ended.then(() => false), sleep(100).then(() => true)])) {
      try {
        enclave.signal('SIGTERM');
      } catch {
        // It has just ended.
      }
    }
    stage.saw(`${(performance.now() - start).toFixed(0)} ms, ${/\d+ lines have not reached.*/.exec(enclave.said())}`);
    assert.equal(await enclave.code(), 7, enclave.said());
    assert.match(enclave.said(), /\d+ lines have not reached the parent's log/);
    assert.ok(performance.now() - start < 4000);
  });

  await stage.check('Console: both are printed, in debug mode; without a parent’s log the application writes there itself', async () => {
    const parent = await stage.parent();
    for (const Logs of [{ To: `unix:${parent.path}`, Console: true }, undefined]) {
      const enclave = await stage.enclave(shell('echo from the application; echo from stderr >&2; exit 2'), { Logs });
      assert.equal(await enclave.code(), 2);
      assert.match(enclave.said(), /from the application\n/);
      assert.match(enclave.said(), /from stderr\n/);
      assert.match(enclave.said(), /INF Application \S+ was started/);
    }
  });
}
