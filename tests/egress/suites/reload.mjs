// Rules that change while enclaves are connected.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { until } from '../../harness/waiting.mjs';
import { Wire, echo } from '../../harness/wire.mjs';
import { PEER } from '../harness/egress-proxy.mjs';
import { Upstream } from '../harness/upstream.mjs';
import { framed, question, read } from '../harness/dns-message.mjs';

const PORT = 7000;

export default async function reloadSuite(stage) {
  const folder = await stage.folder();
  await Upstream.start(stage, ({ type }) => type === 'A' ? { A: ['1.2.3.4'] } : {});
  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => echo(new Wire(socket)).catch(() => socket.destroy()));
  server.listen({ port: PORT, host: '0.0.0.0' });
  await once(server, 'listening');
  stage.atEnd(() => server.close());

  const rule = (...hosts) => ({ Allow: [{ Cids: [16], Hosts: hosts.map(host => `${host}:${PORT}`) }] });
  const proxy = await stage.proxy(rule('one.test'));
  proxy.expected = /refused, the running one stays/;

  async function connect(authority, path = proxy.paths.connect) {
    const wire = await Wire.open(path);
    stage.atEndOfCheck(() => wire.destroy());
    await wire.send(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
    let came = '';
    while (!came.includes('\r\n\r\n')) came += await wire.bytes(1);
    return [came.split(' ')[1], wire];
  }

  async function rcode(name) {
    const wire = await Wire.open(proxy.paths.dns);
    await wire.send(framed(question(1, name)));
    const answer = read(await wire.bytes((await wire.bytes(2)).readUInt16BE(0)));
    wire.destroy();
    return answer.rcode;
  }

  await stage.check('other rules: what is open goes on, what is new follows them, names as well; and back', async () => {
    const [status, open] = await connect(`one.test:${PORT}`);
    assert.equal(status, '200');
    assert.equal(await open.ask('before'), 'before');
    assert.deepEqual([await rcode('one.test'), await rcode('two.test')], ['NOERROR', 'NXDOMAIN']);
    const pending = await Wire.open(proxy.paths.connect);
    stage.atEndOfCheck(() => pending.destroy());

    await proxy.reload(rule('two.test'));
    assert.equal(await open.ask('after'), 'after');
    assert.equal((await connect(`one.test:${PORT}`))[0], '403');
    assert.equal((await connect(`two.test:${PORT}`))[0], '200');
    assert.deepEqual([await rcode('one.test'), await rcode('two.test')], ['NXDOMAIN', 'NOERROR']);
    // Which was there before, and asks now.
    await pending.send(`CONNECT one.test:${PORT} HTTP/1.1\r\nHost: one.test:${PORT}\r\n\r\n`);
    assert.match(String(await pending.bytes(12)), /403$/);

    await proxy.reload(rule('one.test'));
    assert.equal((await connect(`one.test:${PORT}`))[0], '200');
    assert.equal(await open.ask('still'), 'still');
  });

  await stage.check('Deny beats Allow as soon as it is there', async () => {
    await proxy.reload({ ...rule('one.test'), Deny: [{ Hosts: ['*.test:*'] }] });
    assert.equal((await connect(`one.test:${PORT}`))[0], '403');
    await proxy.reload(rule('one.test'));
    assert.equal((await connect(`one.test:${PORT}`))[0], '200');
  });

  await stage.check('a rule that is none is refused with its place and the reason, and the rules stay', async () => {
    const first = /^Egress:Allow:0:Hosts:0: /, second = /^Egress:Allow:0:Hosts:1: /;
    for (const [hosts, place] of [[['one.test'], first], [['one.test:70000'], first], [['bad..name:443'], first],
      [['10.0.0.0/33:443'], first], [['two.test:443', ''], second]]) {
      const problems = await proxy.refuses({ Allow: [{ Cids: [16], Hosts: hosts }] });
      assert.match(problems, place);
      stage.saw(problems);
      assert.equal((await connect(`one.test:${PORT}`))[0], '200');
      assert.equal((await connect(`two.test:${PORT}`))[0], '403');
    }
  });

  await stage.check('AWS’s allowlist: taken as it is, and a wrong one refused with line and reason', async () => {
    const file = join(folder, 'vsock-proxy.yaml');
    await writeFile(file, [
      'allowlist:', `- {address: one.test, port: ${PORT}}`, '- {address: kms.us-east-1.amazonaws.com, port: 443}',
      '- {address: 127.0.0.1, port: 8000}', ''].join('\n'));
    await proxy.reload({ AllowlistFile: file });
    assert.equal((await connect(`one.test:${PORT}`))[0], '200');
    assert.equal((await connect(`two.test:${PORT}`))[0], '403');
    await writeFile(file, ['allowlist:', `- {address: two.test, port: ${PORT}}`, '- {address: one.test, prot: 443}', ''].join('\n'));
    const problems = await proxy.refuses({ AllowlistFile: file });
    assert.match(problems, /vsock-proxy\.yaml, line 3, column \d+: /);
    stage.saw(problems);
    assert.equal((await connect(`one.test:${PORT}`))[0], '200');
  });

  await stage.check('listeners come and go; a tunnel of one that is gone goes on', async () => {
    await proxy.reload(rule('one.test'));
    const forward = join(folder, 'forward.sock'), more = { Forwards: [{ Listen: `unix:${forward}`, To: `one.test:${PORT}`, Peer: PEER }] };
    await proxy.reload({ ...rule('one.test'), ...more });
    const wire = await Wire.open(forward);
    stage.atEndOfCheck(() => wire.destroy());
    assert.equal(await wire.ask('through the forward'), 'through the forward');
    await proxy.reload(rule('one.test'));
    assert.equal(await wire.ask('its listener is gone'), 'its listener is gone');
    // Accepting ends after the reload.
    await until(() => proxy.log().split('\n').some(line => line.includes(forward) && line.includes('was taken from the configuration')));
    assert.match(await Wire.refused(forward), /^(ENOENT|ECONNREFUSED)$/);
    // Closed to whoever may not reach its destination; and one that nobody may reach is a mistake in the settings.
    stage.saw(await proxy.refuses({ ...rule('two.test'), ...more }));
    await proxy.reload({ Allow: [{ Cids: [17], Hosts: [`one.test:${PORT}`] }], ...more });
    const refused = await Wire.open(forward);
    assert.match(await refused.fate(), /^(end|ECONNRESET)$/);
    assert.equal(await wire.ask('still'), 'still');
  });
}
