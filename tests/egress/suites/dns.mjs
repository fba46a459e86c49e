// Names, for every resolver that is here, over the seed's datagrams and over streams.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../harness/processes.mjs';
import { until } from '../../harness/waiting.mjs';
import { Wire } from '../../harness/wire.mjs';
import { framed, question, read } from '../harness/dns-message.mjs';
import { Enclave, tcpDns, udpDns } from '../harness/enclave.mjs';
import { Upstream } from '../harness/upstream.mjs';

const DIG = { 'bind9-dnsutils': 'dig' };
// Where Debian's musl-dev is unpacked: this system, and another version for the large runs (MUSL).
const MUSL_ROOTS = ['/', process.env.MUSL].filter(Boolean);
const SLOW_MS = 500;
// What a busy machine adds is less than this, and what is lost and asked for again takes more.
const LATE_MS = 2_000;
const LARGE = 100;
const program = name => fileURLToPath(new URL(`../clients/${name}`, import.meta.url));
const addressOf = number => `1.${number >> 8}.${number & 255}.9`;

export default async function dnsSuite(stage) {
  const folder = await stage.folder();
  const upstream = await Upstream.start(stage, ({ name, type }) => {
    const number = /^n(\d+)\..*\.lookup\.test$/.exec(name)?.[1];
    if (number !== undefined) return { A: [addressOf(Number(number))] };
    switch (name) {
      case 'one.test': return { A: ['1.2.3.4'], AAAA: ['2a02:26f0::4'], ttl: 77 };
      case 'alias.test': return { CNAME: 'one.test', A: ['1.2.3.4'] };
      case 'large.test': return { A: Array.from({ length: LARGE }, (_, i) => `1.2.0.${i}`) };
      case 'truncated.test': return { A: ['1.2.3.5'], truncates: true };
      case 'servfail.test': return { rcode: 'SERVFAIL' };
      default: return /(^|\.)mute\.test$/.test(name) ? 'mute' : undefined;
    }
  });
  const proxy = await stage.proxy({
    Listeners: ['dns'],
    Allow: [{
      Hosts: ['*.lookup', 'one', 'alias', 'large', 'truncated', 'servfail', 'mute', '*.mute', 'missing'].map(name => `${name}.test:443`),
    }],
  });
  const { dns } = proxy.paths;
  // Each as an enclave has it: the seed's line alone; both lines; streams alone, which its resolver is told to use; and our own program.
  const bare = await Enclave.open(stage, [udpDns(dns)], 'options timeout:5');
  const both = await Enclave.open(stage, [udpDns(dns), tcpDns(dns)]);
  const stream = await Enclave.open(stage, [tcpDns(dns)], 'options use-vc');
  const oursIs = { Dns: { To: `unix:${dns}` } }, ours = await Enclave.ours(stage, oursIs);

  /** dig's answer: { status, flags, answers, seconds, text }. */
  async function dig(enclave, ...args) {
    const started = performance.now();
    const { code, stdout, stderr } = await enclave.run('dig', ['+tries=1', '+time=12', ...args]);
    const text = String(stdout), seconds = (performance.now() - started) / 1000;
    assert.equal(code, 0, text + stderr);
    const [section] = /;; ANSWER SECTION:\n([\s\S]*?)\n\n/.exec(text)?.slice(1) ?? [''];
    return {
      status: /status: (\w+)/.exec(text)?.[1], flags: /flags: ([a-z ]*);/.exec(text)?.[1].split(' '), text, seconds,
      answers: section.split('\n').filter(Boolean).map(line => line.split(/\s+/)),
    };
  }

  const ways = {
    'bare, dig +notcp': [both, '+notcp'], 'framed, dig +tcp': [stream, '+tcp'],
    'our program, dig +notcp': [ours, '+notcp'], 'our program, dig +tcp': [ours, '+tcp'],
  };
  for (const [title, [enclave, way]] of Object.entries(ways)) {
    await stage.checkWith(DIG, `${title}: addresses of both kinds, an alias, with and without EDNS, the time to live`, async () => {
      const a = await dig(enclave, way, 'one.test', 'A');
      assert.deepEqual([a.status, a.answers.length, a.answers[0].at(-1)], ['NOERROR', 1, '1.2.3.4'], a.text);
      assert.ok(Number(a.answers[0][1]) > 20 && Number(a.answers[0][1]) <= 77, a.text);
      assert.equal((await dig(enclave, way, '+noedns', 'ONE.test', 'AAAA')).answers[0].at(-1), '2a02:26f0::4');
      assert.deepEqual((await dig(enclave, way, 'alias.test')).answers.map(answer => answer.at(-1)), ['one.test.', '1.2.3.4']);
    });

    await stage.checkWith(DIG, `${title}: NXDOMAIN, SERVFAIL, and a name outside of the rules: NXDOMAIN with error 17`, async () => {
      const missing = await dig(enclave, way, 'missing.test');
      assert.deepEqual([missing.status, /EDE/.test(missing.text)], ['NXDOMAIN', false], missing.text);
      assert.equal((await dig(enclave, way, 'servfail.test')).status, 'SERVFAIL');
      const name = `denied-${Object.keys(ways).indexOf(title)}.test`, denied = await dig(enclave, way, name);
      assert.equal(denied.status, 'NXDOMAIN');
      assert.match(denied.text, /EDE: 17 \(Filtered\)/);
      const lines = () => proxy.refusals().filter(({ what }) => what.startsWith(name));
      await until(() => lines().length > 0, { patience: 5_000, otherwise: () => `no line about ${name}: ${proxy.log()}` });
      assert.equal(lines().length, 1);
      stage.saw(lines()[0].text);
      assert.equal(upstream.asked(name), 0);
    });

    await stage.checkWith(DIG, `${title}: resolvers that are mute: SERVFAIL within 2 s`, async () => {
      const { status, seconds, text } = await dig(enclave, way, `${way.slice(1)}.mute.test`);
      assert.equal(status, 'SERVFAIL', text);
      stage.saw(`SERVFAIL after ${seconds.toFixed(2)} s`);
      // Two on a machine that has time for it (the unit tests have a clock of their own for that); busy ones add to it. Below the
      // 5 s after which a resolver would ask again.
      assert.ok(seconds < 4.5, `${seconds} s`);
    });
  }

  await stage.checkWith(DIG, 'large answers: truncated with the records that fit, whole over a stream', async () => {
    for (const [title, enclave] of Object.entries({ socat: both, ours })) {
      for (const [args, least] of [[['+noedns'], 25], [['+bufsize=1232'], 60]]) {
        const { flags, answers, text } = await dig(enclave, '+notcp', '+ignore', ...args, 'large.test');
        assert.ok(flags.includes('tc'), text);
        assert.ok(answers.length >= least && answers.length < LARGE, `${answers.length} records`);
        stage.saw(`${title}, ${args}: ${answers.length} of ${LARGE} records, tc`);
      }
      assert.equal((await dig(enclave, '+tcp', 'large.test')).answers.length, LARGE);
      const fallen = await dig(enclave, '+notcp', 'large.test');
      assert.equal(fallen.answers.length, LARGE, fallen.text);
      assert.match(fallen.text, /Truncated, retrying in TCP mode/);
    }
    // The parent's own resolvers truncate as well, and are asked over TCP.
    assert.equal((await dig(both, '+tcp', 'truncated.test')).answers[0].at(-1), '1.2.3.5');
    assert.ok(upstream.questions.some(({ name, transport }) => name === 'truncated.test' && transport === 'tcp'));
  });

  await stage.checkWith(['busybox'], 'busybox nslookup, over the seed’s datagrams and by our program', async () => {
    for (const enclave of [bare, ours]) {
      const { code, stdout, stderr } = await enclave.run('busybox', ['nslookup', 'one.test']);
      assert.equal(code, 0, stdout + stderr);
      assert.match(String(stdout), /Address: 1\.2\.3\.4\n/);
      assert.match(String(stdout), /Address: 2a02:26f0::4\n/);
      const large = String((await enclave.run('busybox', ['nslookup', '-type=a', 'large.test'])).stdout);
      assert.ok(large.match(/Address: 1\.2\.0\.\d+/g)?.length >= 20, large);
      assert.notEqual((await enclave.run('busybox', ['nslookup', 'denied.test'])).code, 0);
    }
  });

  await stage.check('getent ahosts by our program, also where it asks for IPv4 alone (AI_ADDRCONFIG)', async () => {
    const both = await ours.run('getent', ['ahosts', 'one.test']);
    assert.match(String(both.stdout), /^(2a02:26f0::4|1\.2\.3\.4) /, both.stderr);
    assert.match(String(both.stdout), /^1\.2\.3\.4 +STREAM/m);
    const four = await ours.run('getent', ['ahostsv4', 'one.test']);
    assert.match(String(four.stdout), /^1\.2\.3\.4 +STREAM/m, four.stderr);
    assert.equal((await ours.run('getent', ['ahosts', 'denied.test'])).code, 2);
  });

  await stage.check('.NET and Python, over the seed’s datagrams, over streams and by our program', async () => {
    for (const enclave of [bare, stream, ours]) {
      const dotnet = await enclave.run('dotnet',
        [program('dotnet/bin/Release/net10.0/ParentProxy.EgressClient.dll'), 'resolve', 'one.test', 'denied.test'],
        { env: { DOTNET_ROOT: process.env.DOTNET_ROOT } });
      assert.deepEqual([String(dotnet.stdout).trim().split(' ').sort(), dotnet.code], [['1.2.3.4', '2a02:26f0::4'], 1], dotnet.stderr);
      const python = await enclave.run('/usr/bin/python3',
        ['-c', 'import socket; print(socket.gethostbyname("one.test")); socket.gethostbyname("denied.test")']);
      assert.equal(String(python.stdout), '1.2.3.4\n', python.stderr);
      assert.match(python.stderr, /gaierror: \[Errno -2\] Name or service not known/);
    }
  });

  // --- Many lookups --------------------------------------------------------------------------------------------------

  const libraries = await lookupPrograms();
  let runs = 0;

  /** Looks names up, each another one: { wrong, slow, late, worst, median }, times in milliseconds. */
  async function lookups(enclave, [command, args, env], count, atATime) {
    const suffix = `r${runs++}.lookup.test`;
    const { code, stdout, stderr } = await enclave.run(command, [...args, count, atATime, suffix], { env, timeout: 0 });
    assert.equal(code, 0, stderr);
    const lines = String(stdout).trim().split('\n').map(line => line.split(' '));
    assert.equal(lines.length, count, stderr);
    const times = lines.map(([ms]) => Number(ms)).sort((a, b) => a - b);
    return {
      count, wrong: lines.filter(([, number, address]) => address !== addressOf(Number(number))).length,
      slow: times.filter(ms => ms > SLOW_MS).length, late: times.filter(ms => ms > LATE_MS).length,
      worst: times.at(-1), median: times[count >> 1],
    };
  }

  const shown = ({ count, wrong, slow, median, worst }) =>
    `${count} lookups: ${wrong} wrong, ${slow} slower than ${SLOW_MS} ms, median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms`;

  const few = 40;
  for (const [name, library] of Object.entries(libraries)) {
    await stage.check(`${name}: ${few} lookups one after the other over the seed’s datagrams: few lost or late`, async () => {
      const result = await lookups(bare, library, few, 1);
      stage.saw(shown(result));
      // socat makes one datagram of two answers when it has not run between them, and loses what comes before it listens again: the
      // busier the machine, the more often.
      assert.ok(result.wrong + result.late <= few / 4, `${result.wrong} wrong, ${result.late} late`);
    });
    await stage.check(`${name}: ${few} lookups, 20 at a time, by our program: none wrong, few late`, async () => {
      const result = await lookups(ours, library, few, 20);
      stage.saw(shown(result));
      assert.equal(result.wrong, 0);
      assert.ok(result.late <= few / 10, `${result.late} late`);
    });
    // musl asks over a stream only when an answer was truncated, and in Debian's version not even then.
    if (name.startsWith('musl')) continue;
    await stage.check(`${name}: ${few} lookups, 20 at a time, over streams: none wrong, few late`, async () => {
      const result = await lookups(stream, library, few, 20);
      stage.saw(shown(result));
      assert.equal(result.wrong, 0);
      assert.ok(result.late <= few / 4, `${result.late} late`);
    });
  }

  await stage.check('glibc over streams is told within seconds that the resolvers are mute; it would wait for ever', async () => {
    if (!libraries.glibc) return;
    const [command] = libraries.glibc, started = performance.now();
    const { stdout } = await stream.run(command, [1, 1, 'mute.test']);
    stage.saw(`${String(stdout).trim()}; ${((performance.now() - started) / 1000).toFixed(1)} s`);
    assert.match(String(stdout), /error Temporary failure in name resolution/);
    assert.ok(performance.now() - started < 15_000);
  });

  for (const [title, streams, each] of [['one stream', 1, 1000], ['100 streams', 100, 10]]) {
    await stage.check(`1,000 questions at once on ${title}: every answer is right`, async () => {
      const suffix = `p${streams}.lookup.test`, started = performance.now();
      let repeated = 0;
      await Promise.all(Array.from({ length: streams }, async (_, s) => {
        const wire = await Wire.open(dns);
        await wire.send(Buffer.concat(Array.from({ length: each }, (_, i) => framed(question(i, `n${s * each + i}.${suffix}`)))));
        const open = new Set(Array.from({ length: each }, (_, i) => i)), again = new Set();
        while (open.size > 0) {
          const { id, rcode, answers } = read(await wire.bytes((await wire.bytes(2)).readUInt16BE(0)));
          // The other side of all of them is this process: on a slow machine it has not answered some within 2 s. As a resolver does.
          if (rcode === 'SERVFAIL' && open.has(id) && !again.has(id)) {
            again.add(id);
            repeated++;
            await wire.send(framed(question(id, `n${s * each + id}.${suffix}`)));
            continue;
          }
          assert.ok(open.delete(id), `id ${id} is answered twice`);
          assert.deepEqual([rcode, answers.map(({ value }) => value)], ['NOERROR', [addressOf(s * each + id)]]);
        }
        wire.destroy();
      }));
      stage.saw(`${(performance.now() - started).toFixed(0)} ms, ${repeated} asked again`);
      assert.ok(performance.now() - started < 40_000);
    });
  }

  await stage.check('the same id twice, a question that comes in two pieces, six equal ones within 0.2 s', async () => {
    const wire = await Wire.open(dns);
    stage.atEndOfCheck(() => wire.destroy());
    const next = async () => read(await wire.bytes((await wire.bytes(2)).readUInt16BE(0)));
    const asked = framed(question(5, 'one.test'));
    await wire.send(Buffer.concat([asked, asked, asked.subarray(0, 9)]));
    assert.deepEqual([(await next()).answers[0].value, (await next()).answers[0].value], ['1.2.3.4', '1.2.3.4']);
    await wire.send(asked.subarray(9));
    assert.equal((await next()).answers[0].value, '1.2.3.4');
    await wire.send(Buffer.concat(Array(6).fill(asked)));
    for (let i = 0; i < 6; i++) assert.equal((await next()).rcode, 'NOERROR');
  });

  await stage.check('an answer is remembered for its time to live, a "no" as well', async () => {
    for (const name of ['one.test', 'missing.test']) {
      const before = upstream.asked(name);
      for (let i = 0; i < 3; i++) {
        const wire = await Wire.open(dns);
        await wire.send(framed(question(i, name)));
        await wire.bytes((await wire.bytes(2)).readUInt16BE(0));
        wire.destroy();
      }
      assert.ok(upstream.asked(name) - before <= 1, `${name}: ${upstream.asked(name) - before} questions`);
    }
  });

  await stage.check('the streams that socat leaves open behind each lookup are ended, and its processes with them', async () => {
    const most = bare.children;
    await until(() => bare.children === 0,
      { pause: 200, patience: 30_000, otherwise: () => `${bare.children} processes of socat are left` });
    stage.saw(`${most} were left when the lookups had ended`);
  });

  if (stage.figures) await figures();

  /** What a parent can save of the seed's set-up: the table of docs/egress.md. */
  async function figures() {
    const copies = join(folder, 'copies.sock'), datagrams = join(folder, 'datagrams.sock');
    // What vsock-proxy does: it copies bytes into a TCP connection to the resolver. And what is better, datagrams again.
    for (const [path, to] of [[copies, 'TCP4:127.0.0.1:53'], [datagrams, 'UDP4:127.0.0.1:53']])
      stage.start('socat', [`UNIX-LISTEN:${path},fork,backlog=1024`, to], { stdio: 'ignore' });
    const setups = {
      // Where nothing is ever answered, few tell enough.
      'socat and vsock-proxy': { count: 20, countAlone: 5, bridges: [udpDns(copies)] },
      'socat on both sides, datagrams': { count: 100, bridges: [udpDns(datagrams)] },
      'the same socat, ours': { count: 1000, bridges: [udpDns(dns)] },
      'streams (use-vc), ours': { count: 1000, bridges: [tcpDns(dns)], options: 'options use-vc' },
      'parent-proxy enclave': { count: 1000 },
    };
    await stage.check('figures: lookups alone and 20 at once', async () => {
      const rows = [];
      const measure = async (name, atATime, setup) => {
        const { bridges, options, count: many, countAlone = many } = setups[setup], count = atATime === 1 ? countAlone : many;
        const enclave = bridges ? await Enclave.open(stage, bridges, options) : await Enclave.ours(stage, oursIs);
        const { wrong, slow, median, worst } = await lookups(enclave, libraries[name], count, atATime);
        rows.push([name, atATime, setup, count, wrong, slow, median.toFixed(0), worst.toFixed(0)]);
        stage.saw(rows.at(-1).join(' | '));
      };
      // What is quick has the machine to itself. The others wait for time-outs most of the time, and do so side by side.
      const waiting = [];
      for (const name of Object.keys(libraries)) {
        for (const atATime of [1, 20]) {
          for (const setup of Object.keys(setups)) {
            const streams = setups[setup].options !== undefined, mended = streams || !setups[setup].bridges;
            if (name.startsWith('musl') && streams) continue;
            if (mended || (atATime === 1 && setups[setup].count === 1000)) await measure(name, atATime, setup);
            else waiting.push([name, atATime, setup]);
          }
        }
      }
      await Promise.all(waiting.map(each => measure(...each)));
      const order = ([name, atATime, setup]) => `${name} ${atATime === 1 ? 0 : 1} ${Object.keys(setups).indexOf(setup)}`;
      rows.sort((one, other) => order(one) < order(other) ? -1 : 1);
      console.log(['| resolver | at once | set-up | lookups | wrong | slower than 0.5 s | median ms | worst ms |',
        '|---|---|---|---|---|---|---|---|',
        ...rows.map(row => `| ${row.join(' | ')} |`)].join('\n'));
      for (const [name, , setup, , wrong, slow] of rows) {
        if (['streams (use-vc), ours', 'parent-proxy enclave'].includes(setup)) assert.deepEqual([wrong, slow], [0, 0], `${name}, ${setup}`);
      }
    });
  }

  /** Commands that look names up, by what does it: [command, arguments, environment]. */
  async function lookupPrograms() {
    const found = { 'c-ares (Node)': [process.execPath, [program('lookups.mjs')]] };
    const built = async (name, args) => {
      const to = join(folder, `lookups-${name}`);
      const { code, stderr } = await run('clang', ['-O1', '-o', to, ...args]);
      assert.equal(code, 0, stderr);
      return [to, []];
    };
    await stage.checkWith({ clang: 'clang' }, 'the lookup program of glibc is built', async () => {
      found.glibc = await built('glibc', [program('lookups.c')]);
    });
    await stage.checkWith({ clang: 'clang', 'musl-dev': 'libc.a' }, 'the lookup program of musl is built', async () => {
      for (const root of MUSL_ROOTS) {
        const lib = file => join(root, 'usr/lib/x86_64-linux-musl', file);
        const [version] = /1\.\d+\.\d+(?=\0)/.exec(await readFile(lib('libc.a'), 'latin1'));
        found[`musl ${version}`] = await built(`musl-${version}`, [
          '-static', '-nostdinc', '-isystem', join(root, 'usr/include/x86_64-linux-musl'), '-nostdlib',
          ...['crt1.o', 'crti.o'].map(lib), program('lookups.c'), ...['libc.a', 'crtn.o'].map(lib)]);
      }
    });
    if (stage.figures && stage.missing({ 'default-jdk-headless': 'javac' }).length === 0) found.Java = ['java', [program('Lookups.java')]];
    return found;
  }
}
