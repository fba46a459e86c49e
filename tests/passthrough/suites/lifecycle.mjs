// Begin and end: time-outs, limits, an enclave that dies, a reload, a stop.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { random } from '../../harness/bytes.mjs';
import { freePort } from '../../harness/ports.mjs';
import { until } from '../../harness/waiting.mjs';
import { Wire, echo, enclave } from '../../harness/wire.mjs';

const ECHO_SERVER = fileURLToPath(new URL('../harness/echo-server.mjs', import.meta.url));

export default async function lifecycleSuite(stage) {
  const folder = await stage.folder();
  /** An enclave that begins with its name, when it is asked for it, and echoes. */
  const named = name => enclave(stage, join(folder, `${name}.sock`), async wire => {
    await wire.send(await wire.bytes(1));
    await wire.send(name);
    await echo(wire);
  });
  const one = await named('1'), two = await named('2');
  const silent = await enclave(stage, join(folder, 'silent.sock'), wire => wire.fate());

  /** A connection that has had an answer, and who answered. */
  async function greeted(where) {
    const wire = await Wire.open(where);
    stage.atEndOfCheck(() => wire.destroy());
    await wire.send('?');
    wire.name = String(await wire.bytes(2)).slice(1);
    return wire;
  }

  await timeOuts();
  await limits();
  await failover();
  await reload();
  await stop();

  async function timeOuts() {
    const proxy = await stage.proxy([
      { To: one.to, IdleTimeout: '00:00:03' },
      { To: silent.to, IdleTimeout: '00:00:30', HalfCloseTimeout: '00:00:01' },
      { To: `unix:${folder}/nobody.sock` },
    ]);

    await stage.check('a connection that is idle for IdleTimeout is closed, one with traffic is not', async () => {
      const idle = await greeted(proxy.ports[0]), busy = await greeted(proxy.ports[0]);
      const started = performance.now();
      const fate = idle.fate().then(text => [text, performance.now() - started]);
      for (let i = 0; i < 45; i++) {
        await sleep(100);
        assert.equal(await busy.ask(`line ${i}`), `line ${i}`);
      }
      const [text, took] = await fate;
      stage.saw(`the idle one saw '${text}' after ${took.toFixed(0)} ms`);
      assert.ok(took > 2800);
    });

    await stage.check('an enclave that does not end after its client has is given HalfCloseTimeout', async () => {
      const wire = await Wire.open(proxy.ports[1]), started = performance.now();
      wire.end('that was all\n');
      const text = await wire.fate();
      stage.saw(`the client saw '${text}' after ${(performance.now() - started).toFixed(0)} ms`);
      assert.ok(performance.now() - started > 800);
    });

    await stage.check('no enclave listens: the client is closed, and gets no byte', async () => {
      const wire = await Wire.open(proxy.ports[2]);
      await wire.send('anybody?\n');
      assert.equal(await wire.some(), null);
      stage.saw(`the client saw '${wire.ending}'`);
    });
  }

  async function limits() {
    const proxy = await stage.proxy([{ To: one.to, MaxConnections: 3 }, { To: one.to, MaxConnectionsPerSource: 2 }]);
    for (const [i, most] of [[0, 3], [1, 2]]) {
      const name = i === 0 ? 'MaxConnections' : 'MaxConnectionsPerSource';
      await stage.checkOurs(`${name}: one more is closed at once, and let in when another has gone`, async () => {
        const wires = [];
        for (let k = 0; k < most; k++) wires.push(await greeted(proxy.ports[i]));
        const fate = await Wire.refused(proxy.ports[i]);
        assert.match(fate, /^(end|ECONNRESET)$/);
        stage.saw(`${most} are open; one more saw '${fate}'`);
        wires[0].end();
        await wires[0].rest();
        wires[0].destroy();
        const again = await until(() => greeted(proxy.ports[i]).catch(() => null));
        assert.equal(again.name, '1');
        assert.equal(await wires[1].ask('still here'), 'still here');
        const counted = /^parentproxy_passthrough_refused.*limit"} [^0]/;
        stage.saw((await proxy.metrics()).split('\n').filter(line => counted.test(line)).join('; '));
      });
    }
  }

  async function failover() {
    const enclaves = await Promise.all(['a', 'b', 'c'].map(async name => ({ name, port: await freePort() })));
    const begin = async enclave => {
      enclave.server = stage.start(process.execPath, [ECHO_SERVER, enclave.name, enclave.port], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(enclave.server.stdout, 'data');
    };
    for (const enclave of enclaves) await begin(enclave);
    const proxy = await stage.proxy([{ To: 'enclaves' }], {
      Enclaves: enclaves.map(({ name, port }) => ({ Id: name, Transport: 'tcp', TcpHost: '127.0.0.1', Port: port })),
      Health: { Probe: { Type: 'connect', Interval: '00:00:01', Timeout: '00:00:01' } },
    });

    await stage.check('one of three enclaves is killed under load: no connection is lost that had not sent a byte', async () => {
      const next = random(4), answers = { a: 0, b: 0, c: 0 }, lost = { before: [], after: 0 };
      const [, b] = enclaves;
      let opened = 0, phase = 'before', again = 0;
      const client = async () => {
        while (phase !== 'end') {
          const wire = await Wire.open(proxy.ports[0]);
          opened++;
          // Many are open and have sent nothing when it happens.
          const first = wire.bytes(1).catch(() => null);
          if (await Promise.race([sleep(next() * 300), first.then(() => 'over')]) === 'over') {
            lost.before.push(`${wire.ending} ${phase}`);
            continue;
          }
          try {
            for (let i = 0; i < 3; i++) {
              await wire.send(`line ${i}\n`);
              const name = String(i === 0 ? await first : await wire.bytes(1));
              assert.equal(String(await wire.bytes(8)), ` line ${i}\n`);
              answers[name]++;
              if (phase === 'again' && name === 'b') again++;
            }
          } catch (error) {
            if (error.code === 'ERR_ASSERTION') throw error;
            lost.after++;
          }
          wire.destroy();
        }
      };
      const clients = Array.from({ length: 60 }, client);
      await sleep(1500);
      phase = 'killed';
      b.server.kill('SIGKILL');
      await sleep(2500);
      const without = { ...answers };
      await begin(b);
      phase = 'again';
      await until(() => again > 20, { patience: 20_000, otherwise: () => `b gets nothing when it is back: ${JSON.stringify(answers)}` });
      phase = 'end';
      await Promise.all(clients);
      stage.saw(`${opened} connections; answers ${JSON.stringify(answers)}, when b was back ${JSON.stringify(without)}`);
      stage.saw(`lost: ${lost.before.length} that had sent nothing, ${lost.after} that had`);
      // HAProxy connects at once, and what it has connected it does not connect anew.
      if (stage.ours) assert.deepEqual(lost.before, []);
      assert.ok(lost.after <= 60, 'more are lost than there were when it was killed');
      for (const name of ['a', 'b', 'c']) assert.ok(answers[name] > 0);
    });

    await stage.checkOurs('all three are gone and one comes back: clients get through again', async () => {
      for (const { server } of enclaves) server.kill('SIGKILL');
      await Promise.all(enclaves.map(({ server }) => server.ended));
      const wire = await Wire.open(proxy.ports[0]);
      wire.send('nobody\n');
      stage.saw(`meanwhile a client sees '${await wire.fate()}'`);
      await begin(enclaves[2]);
      const name = await until(async () => {
        const again = await Wire.open(proxy.ports[0]);
        await again.send('line\n');
        const answer = await again.some();
        again.destroy();
        return answer && String(answer);
      }, { patience: 20_000 });
      assert.equal(name, 'c line\n');
    });
  }

  async function reload() {
    if (!stage.ours) return;
    const proxy = await stage.proxy([{ To: one.to }, { To: one.to }]);
    const [a, b] = proxy.ports, c = await freePort();

    await stage.checkOurs('a reload adds, changes and removes listeners, and open connections go on', async () => {
      const atA = await greeted(a), atB = await greeted(b);
      assert.deepEqual([atA.name, atB.name], ['1', '1']);
      const before = [atA, atB].map(inode);
      await proxy.reload([a, c], [{ To: two.to }, { To: two.to }]);
      const added = await until(() => greeted(c).catch(() => null), { patience: 20_000, otherwise: () => proxy.log() });
      assert.equal(added.name, '2');
      assert.equal((await greeted(a)).name, '2');
      await assert.rejects(() => Wire.open(b), { code: 'ECONNREFUSED' });
      for (let i = 0; i < 10; i++)
        for (const wire of [atA, atB]) assert.equal(await wire.ask(`line ${i}`), `line ${i}`);
      assert.deepEqual([atA, atB].map(inode), before);
      stage.saw(`the proxy’s sockets of both connections are the same: inodes ${before.join(' and ')}`);
      for (const wire of [atA, atB]) {
        wire.end('the end\n');
        assert.equal(String(await wire.rest()), 'the end\n');
      }
    });

    await stage.checkOurs('a reload that is refused changes nothing', async () => {
      const open = await greeted(a);
      await proxy.reload([a, c], [{ To: 'nonsense://' }, { To: two.to }]);
      await until(() => /nonsense/.test(proxy.log()), { patience: 20_000, otherwise: () => proxy.log() });
      assert.equal(await open.ask('line'), 'line');
      assert.equal((await greeted(a)).name, '2');
      await proxy.reload([a, c], [{ To: two.to }, { To: two.to }]);
      stage.saw(proxy.log().split('\n').find(line => /nonsense/.test(line)).slice(0, 250));
      proxy.expected = /nonsense/;
    });
  }

  async function stop() {
    await stage.check('SIGTERM: no new connections, those that are open go on, and it ends with the last of them', async () => {
      const proxy = await stage.proxy([{ To: one.to }], { Timeouts: { Drain: '00:00:30' } });
      const busy = await greeted(proxy.ports[0]);
      const started = performance.now();
      const ended = proxy.stop();
      const isRefused = () => Wire.open(proxy.ports[0]).then(wire => wire.destroy(), error => error.code === 'ECONNREFUSED');
      await until(isRefused, { patience: 20_000 });
      const closed = performance.now();
      for (let i = 0; i < 10; i++) {
        assert.equal(await busy.ask(`line ${i}`), `line ${i}`);
        await sleep(100);
      }
      const left = performance.now();
      busy.end('the end\n');
      assert.equal(String(await busy.rest()), 'the end\n');
      assert.equal(await ended, 0);
      const since = at => ((at - started) / 1000).toFixed(1);
      stage.saw(`after SIGTERM: refused from ${since(closed)} s on, the last client leaves at ${since(left)} s, `
        + `it ends at ${since(performance.now())} s`);
    });

    await stage.check('SIGTERM: what is still open after Timeouts:Drain is closed', async () => {
      const proxy = await stage.proxy([{ To: one.to }], { Timeouts: { Drain: '00:00:02' } });
      const wires = [];
      for (let i = 0; i < 100; i++) wires.push(await greeted(proxy.ports[0]));
      const started = performance.now();
      const ended = proxy.stop();
      const fates = await Promise.all(wires.map(wire => wire.fate()));
      const code = await ended, took = performance.now() - started;
      stage.saw(`100 connections saw ${JSON.stringify(tally(fates))}; it ended with ${code} after ${(took / 1000).toFixed(1)} s`);
      if (stage.ours) assert.deepEqual(tally(fates), { end: 100 });
      if (stage.ours) assert.equal(code, 0);
      assert.ok(took > 1500 && took < 20_000);
    });
  }
}

export const tally = values => values.reduce((counts, value) => ({ ...counts, [value]: (counts[value] ?? 0) + 1 }), {});

/** The kernel's number of the proxy's end of a connection. */
function inode({ socket }) {
  const hex = port => port.toString(16).toUpperCase().padStart(4, '0');
  const line = readFileSync('/proc/net/tcp', 'utf8').split('\n')
    .find(text => text.includes(`:${hex(socket.remotePort)} 0100007F:${hex(socket.localPort)} `));
  assert.ok(line, 'the connection is in /proc/net/tcp');
  return line.trim().split(/\s+/)[9];
}
