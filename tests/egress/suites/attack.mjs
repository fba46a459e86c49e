// What an enclave that was taken over may try to reach more than it is allowed to: each try is refused, counted and told, and
// nobody is dialled. That is seen from outside of the program: every address leads to this machine here, and the kernel counts
// who begins a connection.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../harness/waiting.mjs';
import { Wire } from '../../harness/wire.mjs';
import { framed, question, read } from '../harness/dns-message.mjs';
import { begunConnections, trap } from '../harness/origin.mjs';
import { Upstream } from '../harness/upstream.mjs';

const PUBLIC = '1.2.3.4';
const IMDS = '169.254.169.254';

/** Names that a rule allows, and where they lead. */
const LEADS_TO = {
  'good.test': { A: [PUBLIC] },
  'sub.good.test': { A: [PUBLIC] },
  'xn--bcher-kva.test': { A: [PUBLIC] },
  'dbserver.test': { A: ['10.1.2.3'] },
  'loopback.evil.test': { A: ['127.0.0.1'] },
  'loopback2.evil.test': { A: ['127.8.9.10'] },
  'linklocal.evil.test': { A: ['169.254.10.20'] },
  'imds.evil.test': { A: [IMDS] },
  'private10.evil.test': { A: ['10.9.9.9'] },
  'private172.evil.test': { A: ['172.31.0.2'] },
  'private192.evil.test': { A: ['192.168.1.1'] },
  'cgnat.evil.test': { A: ['100.64.0.1'] },
  'zero.evil.test': { A: ['0.0.0.0'] },
  'multicast.evil.test': { A: ['224.0.0.1'] },
  'broadcast.evil.test': { A: ['255.255.255.255'] },
  'reserved.evil.test': { A: ['240.0.0.1'] },
  'loopback6.evil.test': { AAAA: ['::1'] },
  'any6.evil.test': { AAAA: ['::'] },
  'linklocal6.evil.test': { AAAA: ['fe80::1'] },
  'imds6.evil.test': { AAAA: ['fd00:ec2::254'] },
  'unique6.evil.test': { AAAA: ['fd12:3456::1'] },
  'multicast6.evil.test': { AAAA: ['ff02::1'] },
  'mapped.evil.test': { AAAA: ['::ffff:169.254.169.254'] },
  'compatible.evil.test': { AAAA: ['::10.0.0.1'] },
  'nat64.evil.test': { AAAA: ['64:ff9b::a9fe:a9fe'] },
  'sixtofour.evil.test': { AAAA: ['2002:a9fe:a9fe::1'] },
  'cname.evil.test': { CNAME: 'instance-data.ec2.internal', A: [IMDS] },
  'several.evil.test': { A: ['10.0.0.1', IMDS, '127.0.0.1'] },
  'own.evil.test': { A: ['1.2.3.77'] },
  'benchmark.evil.test': { A: ['198.18.7.7'] },
};

export default async function attackSuite(stage) {
  const traps = await Promise.all([80, 443, 22, 3306, 53_000].map(port => trap(stage, port)));
  const dialled = () => traps.flatMap(({ addresses }) => addresses);
  const upstream = await Upstream.start(stage, ({ name, type, number }) => {
    // Public when it is judged, the metadata service when it is dialled: whoever asks twice is caught.
    if (name === 'rebind.evil.test') return type === 'A' ? { A: [number === 1 ? PUBLIC : IMDS], ttl: 0 } : {};
    if (name === 'rebound.evil.test') return type === 'A' ? { A: [number % 2 === 1 ? PUBLIC : IMDS], ttl: 0 } : {};
    return LEADS_TO[name];
  });
  const proxy = await stage.proxy({
    RequestTimeout: '00:00:01',
    Allow: [
      {
        Cids: [16],
        Hosts: ['good.test:443', 'good.test:80', '*.good.test:443', 'bücher.test:443', '*.evil.test:*', 'localhost:*', '10.1.2.3:5432',
          'dbserver.test:*'],
      },
      { Cids: [17], Hosts: ['other-enclave.test:443', '169.254.169.254:80'] },
      { Enclaves: ['database*'], Hosts: ['10.2.2.2:443'] },
    ],
    Deny: [{ Hosts: ['denied.good.test:443', '9.9.9.9:443'] }],
  });

  /** Sends bytes, and what comes back: a status line, or how the connection ended. */
  async function answerTo(bytes) {
    const wire = await Wire.open(proxy.paths.connect);
    stage.atEndOfCheck(() => wire.destroy());
    for (const piece of Array.isArray(bytes) ? bytes : [bytes]) {
      await wire.send(Buffer.from(piece, 'latin1'));
      if (Array.isArray(bytes)) await sleep(100);
    }
    let came = '';
    while (!came.includes('\r\n\r\n')) {
      const piece = await wire.some();
      if (piece === null) break;
      came += piece;
    }
    wire.destroy();
    return came || wire.ending;
  }

  const count = result => proxy.metric('parentproxy_egress_connections_total', `result="${result}"`);
  const connect = (authority, host = authority, more = '') => `CONNECT ${authority} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;
  const get = (url, host, more = '') => `GET ${url} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;

  await stage.check('what is allowed is dialled, in every way to write its name, and the network tells', async () => {
    let before = begunConnections();
    const good = ['good.test:443', 'GOOD.test:443', 'good.test.:443', 'xn--bcher-kva.test:443', 'XN--BCHER-KVA.TEST:443',
      'sub.good.test:443'];
    for (const authority of good) {
      assert.equal(await answerTo(connect(authority)), 'HTTP/1.1 200 OK\r\n\r\n', authority);
      before++;
      assert.equal(begunConnections(), before, authority);
    }
    assert.deepEqual(dialled(), good.map(() => PUBLIC));
    // The address that was judged, although the next answer would be another.
    assert.equal(await answerTo(connect('rebind.evil.test:443')), 'HTTP/1.1 200 OK\r\n\r\n');
    assert.equal(dialled().at(-1), PUBLIC);
    assert.equal(upstream.questions.filter(({ name, type }) => name === 'rebind.evil.test' && type === 'A').length, 1);
    for (const { addresses } of traps) addresses.length = 0;
  });

  // What is asked for, as the log calls it, and how it may come out. `what` is the one form of what was written.
  const denied = (what, bytes, title = what) =>
    ({ title, bytes, what, status: /^HTTP\/1\.1 403 Forbidden/, result: 'denied', code: 'denied' });
  const malformed = (title, bytes, status = /^HTTP\/1\.1 4\d\d /) =>
    ({ title, bytes, what: 'the HTTP proxy', status, result: 'malformed', code: 'malformed' });
  const address = (written, canonical, port = 80) =>
    denied(`${canonical}:${port}`, connect(`${written}:${port}`), `CONNECT ${written}:${port}`);

  const cases = [
    // Addresses, in every way to write them.
    address(IMDS, IMDS), address('[::ffff:169.254.169.254]', IMDS), address('[::ffff:a9fe:a9fe]', IMDS),
    address('[0:0:0:0:0:ffff:a9fe:a9fe]', IMDS), address('2852039166', IMDS), address('0xa9fea9fe', IMDS),
    address('0xA9.0xFE.0xA9.0xFE', IMDS),
    address('0251.0376.0251.0376', IMDS), address('169.254.43518', IMDS), address('169.16689662', IMDS), address('169.254.169.254.', IMDS),
    address('127.0.0.1', '127.0.0.1'), address('127.1', '127.0.0.1'), address('0177.0.0.1', '127.0.0.1'), address('0x7f.1', '127.0.0.1'),
    address('2130706433', '127.0.0.1'), address('127.127.127.127', '127.127.127.127', 443),
    address('0.0.0.0', '0.0.0.0'), address('0', '0.0.0.0'), address('[::]', '[::]'), address('[::1]', '[::1]', 22),
    address('[fd00:ec2::254]', '[fd00:ec2::254]'), address('[FD00:0EC2:0:0:0:0:0:0254]', '[fd00:ec2::254]'),
    address('[fe80::1]', '[fe80::1]'),
    address('10.0.0.1', '10.0.0.1', 22), address('172.16.0.1', '172.16.0.1', 22), address('192.168.0.1', '192.168.0.1', 22),
    address('100.64.0.1', '100.64.0.1'), address('224.0.0.1', '224.0.0.1'), address('255.255.255.255', '255.255.255.255'),
    address('[64:ff9b::a9fe:a9fe]', '[64:ff9b::a9fe:a9fe]'), address('[64:ff9b::169.254.169.254]', '[64:ff9b::a9fe:a9fe]'),
    address('[2002:a9fe:a9fe::]', '[2002:a9fe:a9fe::]'), address('[::169.254.169.254]', '[::169.254.169.254]'),
    address('[ff02::1]', '[ff02::1]'),
    // Public, and no rule names them; or one does with another port, or for another enclave.
    address('1.2.3.4', '1.2.3.4', 443), address('[2606:4700::1111]', '[2606:4700::1111]', 443), address('10.1.2.3', '10.1.2.3', 3306),
    address('10.2.2.2', '10.2.2.2', 443), address('9.9.9.9', '9.9.9.9', 443),
    // Names that no rule names.
    denied('good.test:22', connect('good.test:22')), denied('notgood.test:443', connect('notgood.test:443')),
    denied('good.test.evil:443', connect('good.test.evil:443')), denied('xgood.test:443', connect('xgood.test:443')),
    denied('denied.good.test:443', connect('DENIED.good.test.:443')), denied('other-enclave.test:443', connect('other-enclave.test:443')),
    denied('evil.test:443', connect('evil.test:443')), denied('metadata.google.internal:80', connect('metadata.google.internal:80')),
    denied('notgood.test:80', get('http://notgood.test/', 'notgood.test')),
    denied(`${IMDS}:80`, get(`http://${IMDS}/latest/meta-data/`, IMDS)),
    denied(`${IMDS}:80`, get('http://0xa9fea9fe/latest/meta-data/', '0xa9fea9fe'), 'GET http://0xa9fea9fe/'),
    denied('good.test:22', get('http://good.test:22/', 'good.test:22'), 'GET http://good.test:22/'),
    // Names that a rule allows, and that lead to where no name may.
    ...Object.keys(LEADS_TO).filter(name => name.includes('.evil.')).map(name => denied(`${name}:443`, connect(`${name}:443`))),
    denied('imds.evil.test:80', get('http://imds.evil.test/latest/meta-data/', 'imds.evil.test'), 'GET http://imds.evil.test/'),
    denied('dbserver.test:3306', connect('dbserver.test:3306')), denied('localhost:443', connect('localhost:443')),
    // Authorities that are none.
    ...['good.test', 'good.test:', ':443', 'good.test:0', 'good.test:65536', 'good.test:443:443', 'good.test:+443',
      'good.test:0x1bb', 'good.test:44 3',
      'user@good.test:443', 'good.test:443@evil', 'user:pw@10.0.0.1:443', 'https://good.test:443', '//good.test:443',
      '/good.test:443', 'good.test:443/',
      'good.test:443?x', 'good.test:443#x', 'good..test:443', '.good.test:443', '..:443', '*.good.test:443',
      'good.test%00.evil:443', '%67ood.test:443',
      'good.test\\@evil:443', '[::1:443', '::1:443', '[::1]443', '[good.test]:443', '[fe80::1%25lo]:443', '[fe80::1%lo]:443',
      '[127.0.0.1]:443',
      '1.2.3.4.5:443', '256.1.1.1:443', '0x:443', '09.1.1.1:443', '*', `${'a'.repeat(64)}.test:443`,
      `${'a.'.repeat(130)}test:443`, 'xn--a.test:443',
      'good.test,evil.test:443', 'good_test;evil:443', 'good.test\t:443', 'g\xf6\xf6d.test:443', 'good\xad.test:443'].map(authority =>
      malformed(`CONNECT ${authority.slice(0, 40)}`, connect(authority, 'good.test:443'))),
    // A Host that is another than the target's, or there are several, or none.
    malformed('another Host', connect('good.test:443', 'evil.test:443')),
    malformed('another port in Host', connect('good.test:443', 'good.test:80')),
    malformed('two Hosts', connect('good.test:443', 'good.test:443', 'Host: good.test:443\r\n')),
    malformed('two Hosts in one', connect('good.test:443', 'good.test:443, evil.test:443')),
    malformed('no Host', 'CONNECT good.test:443 HTTP/1.1\r\n\r\n'), malformed('an empty Host', connect('good.test:443', '')),
    malformed('another Host in absolute form', get('http://good.test/', 'evil.test')),
    malformed('userinfo in absolute form', get('http://good.test@169.254.169.254/', 'good.test')),
    malformed('userinfo with a password', get('http://user:good.test@169.254.169.254/', '169.254.169.254')),
    malformed('a backslash in the authority', get('http://good.test\\@169.254.169.254/', 'good.test')),
    malformed('https:// without CONNECT', get('https://good.test/', 'good.test')),
    malformed('ftp://', get('ftp://good.test/', 'good.test')),
    malformed('file://', get('file:///etc/passwd', 'good.test')), malformed('no scheme', get('/latest/meta-data/', IMDS)),
    malformed('an authority without a scheme', get('good.test:80', 'good.test')),
    malformed('http: without slashes', get('http:good.test', 'good.test')),
    malformed('http:/// without a host', get('http:///', 'good.test')),
    // Heads that are none, and bodies that can be read in two ways.
    malformed('a line feed in a field', connect('good.test:443', 'good.test:443\nX: y')),
    malformed('a carriage return in a field', connect('good.test:443', 'good.test:443\rX: y')),
    malformed('a folded field', connect('good.test:443', 'good.test:443', ' folded\r\n')),
    malformed('a space before the colon', connect('good.test:443', 'good.test:443', 'X : y\r\n')),
    malformed('NUL in a field', connect('good.test:443', 'good.test:443', 'X: \0\r\n')),
    malformed('a field without a colon', connect('good.test:443', 'good.test:443', 'nothing\r\n')),
    malformed('lines that end in line feeds alone', 'CONNECT good.test:443 HTTP/1.1\nHost: good.test:443\n\n\r\n\r\n'),
    malformed('CONNECT with a body', connect('good.test:443', 'good.test:443', 'Content-Length: 5\r\n')),
    malformed('CONNECT in chunks', connect('good.test:443', 'good.test:443', 'Transfer-Encoding: chunked\r\n')),
    malformed('Content-Length and Transfer-Encoding',
      get('http://good.test/', 'good.test', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')),
    malformed('two Content-Lengths', get('http://good.test/', 'good.test', 'Content-Length: 5\r\nContent-Length: 6\r\n')),
    malformed('Content-Length +5', get('http://good.test/', 'good.test', 'Content-Length: +5\r\n')),
    malformed('Transfer-Encoding: xchunked', get('http://good.test/', 'good.test', 'Transfer-Encoding: xchunked\r\n'),
      /^HTTP\/1\.1 (400|501) /),
    malformed('Transfer-Encoding: chunked, identity',
      get('http://good.test/', 'good.test', 'Transfer-Encoding: chunked, identity\r\n'), /^HTTP\/1\.1 (400|501) /),
    malformed('two spaces in the request line', 'CONNECT  good.test:443 HTTP/1.1\r\nHost: good.test:443\r\n\r\n'),
    malformed('HTTP/2.0', 'CONNECT good.test:443 HTTP/2.0\r\nHost: good.test:443\r\n\r\n', /^HTTP\/1\.1 505 /),
    malformed('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1\.1 (400|505) /),
    malformed('HTTP/0.9', 'GET http://good.test/\r\n\r\n'),
    malformed('TLS in the place of a request', `\x16\x03\x01\x02\x00\x01${'\0'.repeat(100)}\r\n\r\n`),
    malformed('SSH in the place of a request', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'),
    malformed('a method that is none', 'CON(NECT good.test:443 HTTP/1.1\r\nHost: good.test:443\r\n\r\n'),
    malformed('a head of 100 KiB', connect('good.test:443', 'good.test:443', `X: ${'x'.repeat(100 * 1024)}\r\n`), /^HTTP\/1\.1 431 /),
    malformed('a request line of 20 KiB', get(`http://good.test/${'x'.repeat(20 * 1024)}`, 'good.test'), /^HTTP\/1\.1 414 /),
    malformed('2,000 fields', connect('good.test:443', 'good.test:443', 'X: y\r\n'.repeat(2000)), /^HTTP\/1\.1 431 /),
    malformed('a head that comes a byte at a time and never ends', [...'CONNECT good.t'], /^HTTP\/1\.1 408 /),
  ];

  await stage.check(`${cases.length} tries through the HTTP proxy: each is refused and counted, and nobody is dialled`, async () => {
    const wrong = [], tally = {};
    for (const { title, bytes, what, status, result, code } of cases) {
      // To ask for a metric may be a connection, too.
      const known = await count(result), begun = begunConnections(), through = dialled().length;
      const answer = await answerTo(bytes);
      const after = begunConnections() - begun, caught = dialled().slice(through);
      const grown = await until(async () => await count(result) - known, { patience: 2_000 }).catch(() => 0);
      const line = await until(() => proxy.refusals().find(refusal => refusal.what === what && refusal.code === code),
        { patience: 2_000 }).catch(() => null);
      const faults = [
        !status.test(answer) && `answered ${answer.split('\r\n')[0].slice(0, 100)}`,
        after !== 0 && `${after} connections were begun`,
        caught.length > 0 && `dialled ${caught}`,
        grown !== 1 && `counted ${grown} times as ${result}`,
        !line && `no line in the log for ${what} (${code})`,
      ].filter(Boolean);
      if (faults.length > 0) wrong.push(`${title}: ${faults.join('; ')}`);
      const key = answer.split(' ')[1] ?? answer;
      tally[key] = (tally[key] ?? 0) + 1;
    }
    stage.saw(`${cases.length} cases, answered ${JSON.stringify(tally)}; ${proxy.refusals().length} lines in the log`);
    assert.deepEqual(wrong, []);
  });

  await stage.check('a name whose answer changes between two questions is judged anew each time', async () => {
    const before = dialled().length, answers = [];
    const asked = () => upstream.questions.filter(({ name, type }) => name === 'rebound.evil.test' && type === 'A').length;
    // An answer may be remembered for a moment, whatever its time to live.
    await until(async () => {
      answers.push((await answerTo(connect('rebound.evil.test:443'))).split(' ')[1]);
      return asked() >= 4;
    }, { pause: 250, patience: 20_000, otherwise: () => `the resolvers were asked ${asked()} times` });
    assert.deepEqual([...new Set(dialled().slice(before))], [PUBLIC]);
    assert.deepEqual([...new Set(answers)].sort(), ['200', '403']);
    assert.equal(answers.filter(status => status === '200').length, dialled().length - before, answers.join(' '));
    stage.saw(`asked for ${answers.length} times: ${answers.join(' ')}`);
  });

  await stage.check('bytes sent with a CONNECT that is refused reach nobody, and the connection takes the next request', async () => {
    const before = begunConnections();
    const wire = await Wire.open(proxy.paths.connect);
    stage.atEndOfCheck(() => wire.destroy());
    await wire.send(connect('10.0.0.1:22') + connect('10.0.0.2:22'));
    let came = '';
    while ((came.match(/HTTP\/1\.1 403/g) ?? []).length < 2) {
      const piece = await wire.some();
      assert.notEqual(piece, null, `${wire.ending} after: ${came}`);
      came += piece;
    }
    assert.equal(begunConnections(), before);
  });

  await stage.check('what stands in the body of a request that is refused is no request', async () => {
    const before = begunConnections();
    const inner = connect('good.test:443');
    const wire = await Wire.open(proxy.paths.connect);
    stage.atEndOfCheck(() => wire.destroy());
    await wire.send(`POST http://notgood.test/ HTTP/1.1\r\nHost: notgood.test\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`);
    let came = '';
    for (let piece; (piece = await wire.some()) !== null;) came += piece;
    assert.equal(came.match(/HTTP\/1\.1 /g).length, 1, came);
    assert.match(came, /^HTTP\/1\.1 403 [\s\S]*\r\nConnection: close\r\n/);
    assert.equal(begunConnections(), before);
  });

  await stage.check('connections that say nothing end after RequestTimeout, and one enclave may have only so many', async () => {
    const limited = await stage.proxy({
      Listeners: ['connect'], RequestTimeout: '00:00:02', MaxConnectionsPerEnclave: 20, Allow: [{ Hosts: ['good.test:443'] }],
    });
    const wires = await Promise.all(Array.from({ length: 20 }, () => Wire.open(limited.paths.connect)));
    stage.atEndOfCheck(() => { for (const wire of wires) wire.destroy(); });
    assert.match(await Wire.refused(limited.paths.connect, connect('good.test:443')), /^(end|ECONNRESET|EPIPE)$/);
    await until(() => limited.refusals().length > 0, { patience: 5_000, otherwise: () => limited.log() });
    stage.saw(limited.refusals()[0].text);
    const started = performance.now();
    await Promise.all(wires.map(wire => wire.fate()));
    stage.saw(`20 connections ended after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    const wire = await Wire.open(limited.paths.connect);
    await wire.send(connect('good.test:443'));
    assert.match(String(await wire.bytes(12)), / 200$/);
    wire.destroy();
  });

  await stage.check('names outside of the rules are no names, whatever the type; the resolvers are not asked', async () => {
    const before = upstream.questions.length;
    for (const [name, type] of [['refused.test', 'A'], ['refused.test', 'AAAA'], ['refused.test', 'TXT'], ['REFUSED.test', 'A'],
      ['other-enclave.test', 'A'], ['secret-data.exfiltrated.attacker.example', 'TXT'], ['xgood.test', 'A']]) {
      const { rcode, answers, errors } = await ask(question(7, name, type, { edns: 1232 }));
      assert.deepEqual([rcode, answers.length, errors], ['NXDOMAIN', 0, [17]], name);
      await until(() => proxy.refusals().some(({ what }) => what.toLowerCase().startsWith(name.toLowerCase())),
        { patience: 5_000, otherwise: () => `no line about ${name}: ${proxy.log()}` });
    }
    assert.equal(upstream.questions.length, before);
  });

  await stage.check('what is no question for a name is answered with an error or closed, and harms nobody', async () => {
    const good = question(9, 'good.test');
    const [flagged, two, looped, status] = Array.from({ length: 4 }, () => Buffer.from(good));
    flagged[2] |= 0x80;
    two[5] = 2;
    looped.writeUInt16BE(0xc00c, 12);
    status[2] |= 0x10;
    const streams = {
      'an answer': framed(flagged), 'two questions': framed(two), 'a name that points to itself': framed(looped),
      'another opcode': framed(status),
      'no question': framed(good.subarray(0, 12)), 'a message of 3 bytes': framed(Buffer.from([1, 2, 3])),
      'a length of 0': Buffer.from([0, 0]),
      'a name without an end': framed(Buffer.concat([good.subarray(0, 12), Buffer.alloc(60, 63)])),
      'HTTP': Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      '64 KiB of zeros': Buffer.alloc(65_536), '64 KiB of 0xff': Buffer.alloc(65_536, 255), 'half a message': framed(good).subarray(0, 20),
      'an address': framed(question(9, '169.254.169.254')),
    };
    const told = new Map();
    for (const [title, bytes] of Object.entries(streams)) {
      const wire = await Wire.open(proxy.paths.dns);
      await wire.send(bytes);
      wire.end();
      const came = [];
      for (let piece; (piece = await wire.some()) !== null;) came.push(piece);
      wire.destroy();
      const answer = Buffer.concat(came);
      const rcode = answer.length >= 14 ? read(answer.subarray(2)).rcode : 'closed';
      assert.match(rcode, /^(closed|FORMERR|NOTIMP|NXDOMAIN|REFUSED)$/, title);
      told.set(rcode, [...told.get(rcode) ?? [], title]);
    }
    stage.saw([...told].map(([rcode, titles]) => `${rcode}: ${titles.join(', ')}`).join('; '));
    const { rcode, answers } = await ask(good);
    assert.deepEqual([rcode, answers[0].value], ['NOERROR', PUBLIC]);
  });

  /** One question over a framed stream. */
  async function ask(message) {
    const wire = await Wire.open(proxy.paths.dns);
    stage.atEndOfCheck(() => wire.destroy());
    await wire.send(framed(message));
    const answer = read(await wire.bytes((await wire.bytes(2)).readUInt16BE(0)));
    wire.destroy();
    return answer;
  }
}
