// Many tunnels, many at once, dead destinations, and how fast bytes move: beside socat, which is what people run today.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Authority } from '../../harness/certificates.mjs';
import { run } from '../../harness/processes.mjs';
import { usage } from '../../harness/usage.mjs';
import { until } from '../../harness/waiting.mjs';
import { Wire, echo } from '../../harness/wire.mjs';
import { Enclave, httpProxy } from '../harness/enclave.mjs';
import { processorTime } from '../harness/egress-proxy.mjs';
import { origin } from '../harness/origin.mjs';
import { Upstream } from '../harness/upstream.mjs';

const PUBLIC = '1.2.3.4';
const DEAD = '1.2.3.66';
const ECHO = 7000, BULK = 7001, DEAD_PORT = 7002;
const CONNECTED = 'HTTP/1.1 200 OK\r\n\r\n';
const harness = name => fileURLToPath(new URL(`../harness/${name}`, import.meta.url));

export default async function besideSocatSuite(stage) {
  const folder = await stage.folder();
  const authority = await Authority.create(folder);
  const { handlers } = await origin(stage, await authority.certificate('*.fetch.test'));
  await Upstream.start(stage, ({ name, type }) => name === 'dead.test' ? { A: [DEAD] }
    : name === 'half-dead.test' ? { A: [DEAD, PUBLIC] }
    : name === 'mute.test' ? 'mute'
    : type === 'A' ? { A: [PUBLIC] } : {});
  const forward = join(folder, 'forward.sock'), socat = join(folder, 'socat.sock');
  const proxy = await stage.proxy({
    Listeners: ['connect'],
    ConnectTimeout: '00:00:02',
    Allow: [{
      Hosts: [`echo.test:${ECHO}`, `dead.test:${DEAD_PORT}`, `half-dead.test:${DEAD_PORT}`, `mute.test:${ECHO}`,
        '*.fetch.test:443', '127.0.0.1/32:*'],
    }],
    Forwards: [{ Listen: `unix:${forward}`, To: `127.0.0.1:${BULK}`, Peer: { Cid: 16, Enclave: 'app' } }],
  });

  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => echo(new Wire(socket)).catch(() => socket.destroy()));
  server.listen({ port: ECHO, host: '0.0.0.0', backlog: 4096 });
  await once(server, 'listening');
  stage.atEnd(() => server.close());

  /** A tunnel by CONNECT that has carried a line. */
  async function tunnel(authority = `echo.test:${ECHO}`) {
    const wire = await Wire.open(proxy.paths.connect);
    await wire.send(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
    const answer = String(await wire.bytes(CONNECTED.length));
    if (answer !== CONNECTED) throw new Error(answer + (await wire.some()));
    return wire;
  }

  /** What may go wrong stays in the message. */
  async function statusOf(authority) {
    const wire = await Wire.open(proxy.paths.connect);
    await wire.send(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`);
    const answer = String(await wire.rest());
    return answer.split('\r\n')[0];
  }

  const many = 2_000;
  await stage.check(`${many} tunnels at once, opened in one storm; each carries its own bytes`, async () => {
    // The resolver is this program, which has much to do in a storm: the name is known before.
    (await tunnel()).destroy();
    const before = usage(proxy.pid), started = performance.now();
    const wires = await Promise.all(Array.from({ length: many }, () => tunnel()));
    const opened = performance.now() - started;
    stage.atEndOfCheck(() => { for (const wire of wires) wire.destroy(); });
    await Promise.all(wires.map(async (wire, i) => assert.equal(await wire.ask(`line of ${i}`), `line of ${i}`)));
    const held = usage(proxy.pid);
    stage.saw(`opened within ${opened.toFixed(0)} ms, all answered after ${(performance.now() - started).toFixed(0)} ms; `
      + `${((held.kib - before.kib) / many).toFixed(1)} KiB, ${((held.descriptors - before.descriptors) / many).toFixed(2)} descriptors each`);
    const one = performance.now(), wire = await tunnel();
    assert.equal(await wire.ask('and one more'), 'and one more');
    wire.destroy();
    stage.saw(`one more beside them: ${(performance.now() - one).toFixed(1)} ms`);
    for (const each of wires) each.destroy();
    await until(() => usage(proxy.pid).descriptors <= before.descriptors + 5,
      { patience: 30_000, otherwise: () => `${usage(proxy.pid).descriptors} descriptors are left` });
  });

  await stage.check('a storm of short connections: 2,000, 200 at a time, none lost', async () => {
    let begun = 0;
    const started = performance.now();
    await Promise.all(Array.from({ length: 200 }, async () => {
      while (begun < 2_000) {
        const number = begun++, wire = await tunnel();
        assert.equal(await wire.ask(`line ${number}`), `line ${number}`);
        wire.end();
        await wire.rest();
        wire.destroy();
      }
    }));
    stage.saw(`${(2_000 / (performance.now() - started) * 1000).toFixed(0)} connections/s`);
  });

  await stage.checkWith(['python3'], 'others do not wait for destinations that are dead, and for names without resolvers', async () => {
    const deaf = stage.start('/usr/bin/python3', [harness('mute-server.py'), DEAD, DEAD_PORT], { stdio: ['pipe', 'pipe', 'inherit'] });
    await until(() => deaf.said().includes('deaf'));
    const started = performance.now();
    const dead = Array.from({ length: 50 }, () => statusOf(`dead.test:${DEAD_PORT}`));
    const mute = Array.from({ length: 50 }, () => statusOf(`mute.test:${ECHO}`));
    const latencies = [];
    for (let i = 0; i < 50; i++) {
      const begun = performance.now(), wire = await tunnel();
      assert.equal(await wire.ask('a line'), 'a line');
      latencies.push(performance.now() - begun);
      wire.destroy();
    }
    latencies.sort((a, b) => a - b);
    stage.saw(`others while 100 wait: half within ${latencies[25].toFixed(1)} ms, the slowest ${latencies.at(-1).toFixed(1)} ms`);
    assert.ok(latencies[25] < 250);
    for (const status of await Promise.all(dead)) assert.match(status, /^HTTP\/1\.1 504 Gateway Timeout: dead\.test:7002/);
    for (const status of await Promise.all(mute)) assert.match(status, /^HTTP\/1\.1 50[24] /);
    stage.saw(`all told after ${((performance.now() - started) / 1000).toFixed(1)} s (ConnectTimeout is 2 s)`);
    // Its other address answers.
    const other = createServer(socket => socket.end('alive\n'));
    other.listen({ port: DEAD_PORT, host: PUBLIC });
    await once(other, 'listening');
    stage.atEndOfCheck(() => other.close());
    const begun = performance.now(), wire = await tunnel(`half-dead.test:${DEAD_PORT}`);
    assert.equal(String(await wire.rest()), 'alive\n');
    stage.saw(`a name with a dead address and one that lives: ${(performance.now() - begun).toFixed(0)} ms`);
    assert.ok(performance.now() - begun < 1_900);
    wire.destroy();
  });

  await stage.checkWith(['curl'], '30 HTTPS fetches at once, from the enclave: none waits for another', async () => {
    // Nobody is answered before all are there.
    let waiting = [];
    handlers['/together'] = (request, response) => {
      waiting.push(response);
      if (waiting.length === 30) for (const each of waiting.splice(0)) each.end('together');
    };
    const enclave = await Enclave.open(stage, [httpProxy(proxy.paths.connect)]);
    const env = { CURL_CA_BUNDLE: authority.file };
    const inside = args => enclave.run('curl', args, { env: { ...env, HTTPS_PROXY: 'http://127.0.0.1:3128' } });
    const outside = args => run('curl', [...args, '--connect-to', `::${PUBLIC}:443`], { env: { ...process.env, ...env } });
    const fetch = async (count, curl) => {
      const urls = Array.from({ length: count }, (_, i) => `https://f${i}.fetch.test/${count > 1 ? 'together' : ''}`);
      const started = performance.now();
      const { code, stdout, stderr } = await curl(
        ['-q', '-sS', '--parallel', '--parallel-immediate', '--parallel-max', '50', '--max-time', '30', '-w', ' %{http_code}\n', ...urls]);
      assert.equal(code, 0, stderr);
      assert.equal(String(stdout).match(/ 200\n/g).length, count);
      return performance.now() - started;
    };
    const one = await fetch(1, inside), all = await fetch(30, inside), withoutProxy = await fetch(30, outside);
    stage.saw(`one: ${one.toFixed(0)} ms; 30 at once, each answered only when all had come: ${all.toFixed(0)} ms, `
      + `without a proxy ${withoutProxy.toFixed(0)} ms`);
  });

  await stage.checkWith(['python3', 'socat'], 'the throughput of one tunnel, and its processor time, beside socat', async () => {
    const source = stage.start('/usr/bin/python3', [harness('bulk.py'), 'serve', BULK], { stdio: ['ignore', 'pipe', 'inherit'] });
    await until(() => source.said().includes('listening'));
    const copier = stage.start('socat', [`UNIX-LISTEN:${socat},fork`, `TCP4:127.0.0.1:${BULK}`], { stdio: 'ignore' });
    await until(() => existsSync(socat));
    const mib = stage.figures ? 2048 : 512, rounds = stage.figures ? 5 : 3;
    const ways = { ours: [forward, proxy.pid], socat: [socat, copier.pid] };
    const best = { ours: [], socat: [] };
    const fetch = async (path, amount) => {
      const { code, stdout, stderr } = await run('/usr/bin/python3', [harness('bulk.py'), 'fetch', path, amount * 1024 * 1024]);
      assert.equal(code, 0, stderr);
      return Number(stdout);
    };
    for (const [path] of Object.values(ways)) await fetch(path, 64);
    for (let round = 0; round < rounds; round++) {
      for (const [way, [path, pid]] of Object.entries(ways)) {
        const before = processorTime(pid), seconds = await fetch(path, mib);
        // A child of socat has to be waited for by its parent before its time is counted.
        if (way === 'socat') await until(() => processorTime(pid) > before, { patience: 5_000 });
        best[way].push({ rate: mib / seconds, cpu: (processorTime(pid) - before) / mib * 1024 });
      }
    }
    const median = (way, what) => best[way].map(each => each[what]).sort((a, b) => a - b)[rounds >> 1];
    const [rate, cpu] = ['rate', 'cpu'].map(what => median('ours', what) / median('socat', what));
    for (const way of Object.keys(ways))
      stage.saw(`${way}: ${median(way, 'rate').toFixed(0)} MiB/s, ${median(way, 'cpu').toFixed(2)} s of processor time for a GiB`);
    stage.saw(`ours / socat: ${rate.toFixed(2)} × the throughput, ${cpu.toFixed(2)} × the processor time`);
    assert.ok(rate >= (stage.figures ? 2 : 1.2), `${rate.toFixed(2)} × the throughput`);
    assert.ok(cpu <= (stage.figures ? 0.5 : 0.8), `${cpu.toFixed(2)} × the processor time`);
  });
}
