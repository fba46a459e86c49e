// Many connections: nothing is left of those that ended, and those that are idle are in nobody's way.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { random } from '../../harness/bytes.mjs';
import { until } from '../../harness/waiting.mjs';
import { usage } from '../../harness/usage.mjs';
import { Wire, echo, enclave } from '../../harness/wire.mjs';
import { tally } from './lifecycle.mjs';

const AT_A_TIME = 100;
const SPARE_KIB = 10 * 1024; // what a collector may leave for later, once and not for each connection

/** Two descriptors each in the proxy, and some for the rest. */
function idleConnections(wanted) {
  const limit = Number(/Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))[1]);
  return Math.min(wanted, Math.floor((limit - 400) / 2));
}

export default async function soakSuite(stage) {
  const folder = await stage.folder();
  /** Does what the first line says. */
  const serve = async wire => {
    const [what] = String(await wire.bytes(2));
    if (what === 'e') await echo(wire);
    else if (what === 'r') wire.reset();
    else if (what === 'c') wire.end('closed\n');
    else {
      await wire.fate();
      wire.destroy();
    }
  };
  const unix = await enclave(stage, join(folder, 'enclave.sock'), serve), tcp = await enclave(stage, 0, serve);
  // Which times out a little later than the idle ones of this suite are quiet.
  const limits = { IdleTimeout: '00:00:03', HalfCloseTimeout: '00:00:03', PrereadTimeout: '00:00:03', MaxConnections: 16384, Log: 'off' };
  const proxy = await stage.proxy([
    { To: unix.to, ...limits }, { To: tcp.to, ...limits }, { To: `unix:${folder}/nobody.sock`, ...limits },
    { To: unix.to, MaxConnections: 16384, Log: 'off' },
    ...stage.ours ? [{ To: unix.to, ...limits, ProxyProtocol: { Accept: 'required' } }] : [],
  ]);
  const next = random(11);

  const endings = {
    'asked, answered, closed': async wire => {
      await wire.send('e\n');
      assert.equal(await wire.ask('a line'), 'a line');
      wire.end();
      await wire.rest();
    },
    'the client resets': async wire => { await wire.send('e\n'); await wire.ask('a line'); wire.reset(); },
    'the client closes with an answer unread': async wire => { await wire.send('e\na line\n'); await sleep(5); wire.destroy(); },
    'the enclave resets': async wire => { await wire.send('r\n'); await wire.fate(); },
    'the enclave closes first': async wire => { await wire.send('c\n'); assert.equal(String(await wire.rest()), 'closed\n'); wire.end(); },
    'half-closed': async wire => { wire.end('e\nthat was all\n'); assert.equal(String(await wire.rest()), 'that was all\n'); },
    'opened and closed': async wire => { wire.destroy(); },
    'opened and reset': async wire => { wire.reset(); },
    'no enclave, or idle until it is closed': async wire => { await wire.send('w\n'); await wire.fate(); },
  };
  const slow = Object.keys(endings).length - 1;

  async function connections(count) {
    const counts = {};
    let begun = 0;
    await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
      while (begun < count) {
        const number = begun++;
        // One in fifty waits for a time-out.
        const kind = Object.keys(endings)[number % 50 === 0 ? slow : Math.floor(next() * slow)];
        const noEnclave = number % 100 === 0, header = stage.ours && number % 20 === 1;
        const wire = await Wire.open(proxy.ports[noEnclave ? 2 : header ? 4 : number % 2]).catch(() => null);
        counts[kind] = (counts[kind] ?? 0) + 1;
        if (!wire) continue;
        try {
          // What is no PROXY header is refused.
          if (header) await Promise.all([wire.send('PROXY nonsense\r\n'), wire.fate()]);
          else await endings[kind](wire);
        } catch (error) {
          if (noEnclave || header) continue;
          throw new Error(`${kind}: ${error.message}`);
        } finally {
          wire.destroy();
        }
      }
    }));
    return counts;
  }

  const left = () => unix.wires.size + tcp.wires.size;
  const quiet = () => until(() => left() === 0, { patience: 30_000, otherwise: () => `${left()} connections are left at the enclaves` });

  const total = stage.soak ? 100_000 : 5_000;
  await stage.check(`${total} connections that end in every way: descriptors and memory are back at their start`, async () => {
    await connections(2000);
    await quiet();
    await sleep(3000);
    const before = usage(proxy.pid), started = performance.now();
    const counts = await connections(total);
    const took = performance.now() - started;
    await quiet();
    stage.saw(Object.entries(counts).map(([kind, count]) => `${kind}: ${count}`).join(', '));
    let after;
    const back = () => {
      after = usage(proxy.pid);
      return after.descriptors <= before.descriptors + 2 && after.kib <= before.kib + SPARE_KIB;
    };
    const waited = performance.now();
    await until(back, { pause: 500, patience: 60_000, otherwise: () => `before ${JSON.stringify(before)}, after ${JSON.stringify(after)}` });
    stage.saw(`${(total / took * 1000).toFixed(0)} connections/s; before ${JSON.stringify(before)}, after ${JSON.stringify(after)}, `
      + `${((performance.now() - waited) / 1000).toFixed(0)} s later`);
  });

  const many = idleConnections(stage.soak ? 10_000 : 2_000);
  await stage.check(`${many} idle connections and traffic beside them; on SIGTERM all are closed within Timeouts:Drain`, async () => {
    const before = usage(proxy.pid);
    const idle = [];
    for (let i = 0; i < many; i += AT_A_TIME) {
      idle.push(...await Promise.all(Array.from({ length: Math.min(AT_A_TIME, many - i) }, async () => {
        const wire = await Wire.open(proxy.ports[3]);
        await wire.send('e\n');
        await wire.ask('a line');
        return wire;
      })));
    }
    stage.atEndOfCheck(() => { for (const wire of idle) wire.destroy(); });
    await sleep(2000);
    const held = usage(proxy.pid);
    stage.saw(`before ${JSON.stringify(before)}, with ${many} connections ${JSON.stringify(held)}: `
      + `${((held.kib - before.kib) / many).toFixed(2)} KiB each`);

    const latencies = [], busy = await Wire.open(proxy.ports[3]);
    await busy.send('e\n');
    for (let i = 0; i < 2000; i++) {
      const started = performance.now();
      await busy.ask('a line');
      latencies.push(performance.now() - started);
    }
    latencies.sort((x, y) => x - y);
    const at = share => latencies[Math.floor(latencies.length * share)].toFixed(2);
    stage.saw(`a line and its answer beside them: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${latencies.at(-1).toFixed(2)} ms`);
    for (const wire of [idle[0], idle[many >> 1], idle.at(-1)]) assert.equal(await wire.ask('still here'), 'still here');
    busy.destroy();

    const started = performance.now(), ended = proxy.stop();
    const fates = tally(await Promise.all(idle.map(wire => wire.fate())));
    const since = () => ((performance.now() - started) / 1000).toFixed(1), closed = since();
    const code = await ended;
    stage.saw(`SIGTERM: ${JSON.stringify(fates)} after ${closed} s (Drain is 2 s), ended with ${code} after ${since()} s`);
    if (stage.ours) assert.deepEqual(fates, { end: many });
    assert.equal(code, 0);
    assert.ok(performance.now() - started < 30_000);
  });
}
