// The PROXY protocol with HAProxy and nginx in front and behind, and what must be refused.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../harness/ports.mjs';
import { run } from '../../harness/processes.mjs';
import { until } from '../../harness/waiting.mjs';
import { V2_SIGNATURE, readHeader, v2 } from '../harness/proxy-header.mjs';
import { Wire, echo, enclave } from '../../harness/wire.mjs';

const HAPROXY = ['haproxy'];
const NGINX = { 'nginx-light': 'nginx', 'libnginx-mod-stream': 'ngx_stream_module.so' };
const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';

export default async function proxyProtocolSuite(stage) {
  if (!stage.ours) return stage.skip('all of it', 'HAProxy is a peer here');
  const folder = await stage.folder();
  let seen = [], bytesSeen = 0;
  const told = await enclave(stage, join(folder, 'told.sock'), async wire => {
    seen.push(await readHeader(wire));
    await echo(wire);
  });
  const untold = await enclave(stage, join(folder, 'untold.sock'), async wire => {
    for (let piece; (piece = await wire.some()) !== null;) {
      bytesSeen += piece.length;
      await wire.send(piece);
    }
    if (wire.ending === 'end') wire.end();
  });
  const [inHaproxy, inNginx] = [await freePort(), await freePort()];

  const listeners = {
    keep: { To: told.to, ProxyProtocol: { Accept: 'required', Send: 'v2' } },
    keepText: { To: told.to, ProxyProtocol: { Accept: 'required', Send: 'v1' } },
    strip: { To: untold.to, ProxyProtocol: { Accept: 'required' }, PrereadTimeout: '00:00:02' },
    optional: { To: told.to, ProxyProtocol: { Accept: 'optional', Send: 'v2' } },
    stranger: { To: untold.to, ProxyProtocol: { Accept: 'required', TrustedSources: ['10.0.0.0/8'] } },
    toHaproxy1: { To: `tcp://127.0.0.1:${inHaproxy}`, ProxyProtocol: { Send: 'v1' } },
    toHaproxy2: { To: `tcp://127.0.0.1:${inHaproxy}`, ProxyProtocol: { Send: 'v2' } },
    toNginx1: { To: `tcp://127.0.0.1:${inNginx}`, ProxyProtocol: { Send: 'v1' } },
    toNginx2: { To: `tcp://127.0.0.1:${inNginx}`, ProxyProtocol: { Send: 'v2' } },
    chain: { To: `tcp://127.0.0.1:${inHaproxy}`, ProxyProtocol: { Accept: 'required', Send: 'v2' } },
  };
  const proxy = await stage.proxy(Object.values(listeners));
  const port = Object.fromEntries(Object.keys(listeners).map((name, i) => [name, proxy.ports[i]]));
  await untilQuiet();

  /** Probes of a connect kind are connections without a byte. */
  async function untilQuiet() {
    await sleep(300);
    seen = [];
    bytesSeen = 0;
  }

  /** Sends a header and a line, and gives what the enclave made of the header. */
  async function header(where, head, line = 'a line') {
    seen = [];
    const wire = await Wire.open(where);
    stage.atEndOfCheck(() => wire.destroy());
    await wire.send(Buffer.concat([head, Buffer.from(`${line}\n`)]));
    assert.equal(String(await wire.bytes(line.length + 1)), `${line}\n`);
    assert.equal(seen.length, 1);
    return [seen[0], wire];
  }

  // --- In front ------------------------------------------------------------------------------------------------------

  const senders = {};
  await stage.checkWith(HAPROXY, 'HAProxy in front, v1 and v2: the enclave learns the client’s address and port', async () => {
    const variants = {
      'send-proxy': port.keep,
      'send-proxy-v2': port.keepText,
      'send-proxy-v2 proxy-v2-options unique-id,crc32c': port.keep,
    };
    const lines = ['global', 'defaults', '  mode tcp', '  timeout connect 2s', '  timeout client 60s', '  timeout server 60s'];
    for (const [option, to] of Object.entries(variants)) {
      senders[option] = await freePort();
      const name = `p${senders[option]}`;
      lines.push(`frontend ${name}`, `  bind 127.0.0.1:${senders[option]}`, '  unique-id-format %[uuid()]', `  default_backend ${name}`,
        `backend ${name}`, `  server s 127.0.0.1:${to} ${option}`);
    }
    await server('haproxy', ['-db', '-f', await file('front.cfg', `${lines.join('\n')}\n`)], Object.values(senders));
    for (const [option, where] of Object.entries(senders)) {
      const [head, wire] = await header(where, Buffer.alloc(0));
      assert.equal(head.source, `127.0.0.1:${wire.socket.localPort}`, option);
      assert.equal(head.destination, `127.0.0.1:${where}`, option);
      stage.saw(`${option}: the enclave got ${JSON.stringify(head)}`);
      if (option.includes('unique-id')) assert.equal(head.tlvs?.filter(({ type }) => type === 5).length, 1);
    }
  });

  await stage.checkWith(NGINX, 'nginx in front, v1: the enclave learns the client’s address and port', async () => {
    const where = await freePort();
    await nginx('front', `stream { server { listen 127.0.0.1:${where}; proxy_protocol on; proxy_pass 127.0.0.1:${port.keep}; } }`, where);
    const [head, wire] = await header(where, Buffer.alloc(0));
    assert.equal(head.source, `127.0.0.1:${wire.socket.localPort}`);
    assert.equal(head.destination, `127.0.0.1:${where}`);
    stage.saw(JSON.stringify(head));
  });

  await stage.check('TLVs of AWS pass: the endpoint of a private link, and any other', async () => {
    const vpce = Buffer.concat([Buffer.from([1]), Buffer.from('vpce-08d2bf15fac5001c9')]);
    const tlvs = [[0xea, vpce], [0xee, Buffer.from('ours')], [0x04, Buffer.alloc(9)]];
    const [head] = await header(port.keep, v2('192.0.2.7', 51000, '10.0.0.5', 443, tlvs));
    assert.equal(head.source, '192.0.2.7:51000');
    const of = type => head.tlvs.find(tlv => tlv.type === type)?.value;
    assert.equal(of(0xea), vpce.toString('hex'));
    assert.equal(of(0xee), Buffer.from('ours').toString('hex'));
    stage.saw(JSON.stringify(head));
  });

  await stage.check('IPv6, and a header that comes byte for byte', async () => {
    const [six] = await header(port.keep, Buffer.from('PROXY TCP6 2001:db8::1 2001:db8::2 4000 443\r\n'));
    assert.equal(six.source, '[2001:db8::1]:4000');
    seen = [];
    const wire = await Wire.open(port.keep);
    for (const byte of Buffer.concat([v2('192.0.2.9', 5, '10.0.0.5', 443, []), Buffer.from('x\n')])) {
      await wire.send(Buffer.from([byte]));
      await sleep(2);
    }
    assert.equal(String(await wire.bytes(2)), 'x\n');
    assert.equal(seen[0].source, '192.0.2.9:5');
    wire.destroy();
  });

  await stage.check('LOCAL, as health checks of a load balancer send it: carried', async () => {
    const [head] = await header(port.keep, Buffer.concat([V2_SIGNATURE, Buffer.from([0x20, 0x00, 0, 0])]));
    stage.saw(JSON.stringify(head));
  });

  await stage.check('optional: with a header and without', async () => {
    const [first] = await header(port.optional, v2('192.0.2.7', 51000, '10.0.0.5', 443, []));
    assert.equal(first.source, '192.0.2.7:51000');
    const [second, wire] = await header(port.optional, Buffer.alloc(0));
    assert.equal(second.source, `127.0.0.1:${wire.socket.localPort}`);
  });

  const malformed = {
    'no header': Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    'TLS instead': Buffer.from('1603010200010001fc0303', 'hex'),
    'v1 without an end': Buffer.from(`PROXY TCP4 ${'1'.repeat(200)}`),
    'v1 with a bare line feed': Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.5 1 2\nGET /'),
    'v1 with a port beyond 65535': Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.5 65536 2\r\nGET /'),
    'v1 with an address that is none': Buffer.from('PROXY TCP4 1.2.3.400 1.2.3.5 1 2\r\nGET /'),
    'v1 with the addresses of another family': Buffer.from('PROXY TCP4 ::1 ::1 1 2\r\nGET /'),
    'v1 with two spaces': Buffer.from('PROXY TCP4  1.2.3.4 1.2.3.5 1 2\r\nGET /'),
    'v1 in small letters': Buffer.from('proxy TCP4 1.2.3.4 1.2.3.5 1 2\r\nGET /'),
    'v2 of another version': edited(12, 0x31),
    'v2 with an unknown command': edited(12, 0x22),
    'v2 with too short a block of addresses': raw(0x21, 0x11, 0, 4, 1, 2, 3, 4),
    'v2 with a TLV that is longer than the header': raw(0x21, 0x11, 0, 16, ...Buffer.alloc(12), 0xea, 0, 50, 1),
    'v2 with a wrong checksum': v2('1.2.3.4', 1, '1.2.3.5', 2, [[0x03, Buffer.from([1, 2, 3, 4])]]),
    'v2 of 65,535 bytes': Buffer.concat([V2_SIGNATURE, Buffer.from([0x21, 0x11, 0xff, 0xff]), Buffer.alloc(65535, 0xee)]),
  };
  await stage.check(`${Object.keys(malformed).length} malformed headers: closed, and nothing is forwarded`, async () => {
    await untilQuiet();
    for (const [name, bytes] of Object.entries(malformed)) {
      const fate = await Wire.refused(port.strip, bytes);
      stage.saw(`${name}: ${fate}`);
      assert.match(fate, /^(end|ECONNRESET)$/);
    }
    assert.equal(bytesSeen, 0);
    const text = await proxy.metrics();
    stage.saw(text.split('\n').filter(line => /^parentproxy_passthrough.*refused.*[^0]$/.test(line)).join('; '));
  });

  await stage.check('half a header and silence: closed after PrereadTimeout, and nothing is forwarded', async () => {
    const started = performance.now();
    for (const bytes of [Buffer.alloc(0), V2_SIGNATURE, Buffer.from('PROXY TCP4 1.2')]) {
      const wire = await Wire.open(port.strip);
      if (bytes.length > 0) await wire.send(bytes);
      const fate = await wire.fate();
      stage.saw(`${bytes.length} bytes: '${fate}' after ${(performance.now() - started).toFixed(0)} ms`);
    }
    assert.equal(bytesSeen, 0);
  });

  await stage.check('a header from a source that is not trusted: closed, and nothing is forwarded', async () => {
    const fate = await Wire.refused(port.stranger, Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.5 1 2\r\nhello\n'));
    stage.saw(`the client saw '${fate}'`);
    assert.match(fate, /^(end|ECONNRESET)$/);
    assert.equal(bytesSeen, 0);
  });

  // --- Behind --------------------------------------------------------------------------------------------------------

  const asked = async (where, ...args) => {
    const { code, stdout, stderr } = await run('curl',
      ['-q', '-sS', '--noproxy', '*', `http://127.0.0.1:${where}/`, '-w', ' %{local_port}', ...args]);
    assert.equal(code, 0, stderr);
    return String(stdout);
  };

  await stage.checkWith(HAPROXY, 'HAProxy behind, v1 and v2: it sees the client’s address and port', async () => {
    const lines = ['defaults', '  mode http', '  timeout client 60s', 'frontend f', `  bind 127.0.0.1:${inHaproxy} accept-proxy`,
      '  http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port]"', ''];
    await server('haproxy', ['-db', '-f', await file('behind.cfg', lines.join('\n'))], [inHaproxy]);
    for (const where of [port.toHaproxy1, port.toHaproxy2]) {
      const [, address, local] = /^(\S+) (\d+)$/.exec(await asked(where));
      assert.equal(address, `127.0.0.1:${local}`);
      stage.saw(address);
    }
  });

  await stage.checkWith({ 'nginx-light': 'nginx' }, 'nginx behind, v1 and v2: it sees the client’s address and port', async () => {
    const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(what => `${what}_temp_path ${what};`).join(' ');
    await nginx('behind', `http { access_log off; ${folders}
      server { listen 127.0.0.1:${inNginx} proxy_protocol; default_type text/plain;
        location / { return 200 "$proxy_protocol_addr:$proxy_protocol_port"; } } }`, inNginx);
    for (const where of [port.toNginx1, port.toNginx2]) {
      const [, address, local] = /^(\S+) (\d+)$/.exec(await asked(where));
      assert.equal(address, `127.0.0.1:${local}`);
      stage.saw(address);
    }
  });

  await stage.checkWith(HAPROXY, 'curl --haproxy-protocol in front, HAProxy behind', async () => {
    const [, address, local] = /^(\S+) (\d+)$/.exec(await asked(port.chain, '--haproxy-protocol'));
    assert.equal(address, `127.0.0.1:${local}`);
  });

  function file(name, text) {
    const path = join(folder, name);
    return writeFile(path, text).then(() => path);
  }

  async function nginx(name, blocks, where) {
    const prefix = await stage.folder();
    const module = blocks.startsWith('stream') ? `load_module ${STREAM_MODULE};` : '';
    const main = 'daemon off; master_process off; pid nginx.pid; error_log stderr error; events { }';
    const path = await file(`${name}.conf`, `${module} ${main} ${blocks}\n`);
    await server('nginx', ['-p', prefix, '-e', 'stderr', '-c', path], [where]);
  }

  async function server(command, args, ports) {
    const child = stage.start(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const where of ports) {
      await until(() => Wire.open(where).then(wire => { wire.destroy(); return true; }, () => false),
        { patience: 20_000, otherwise: () => `${command} does not listen: ${child.said()}` });
    }
    await untilQuiet();
  }
}

/** A v2 header of these bytes behind the signature, and something behind it. */
const raw = (...bytes) => Buffer.concat([V2_SIGNATURE, Buffer.from(bytes), Buffer.from('GET /')]);

/** A good header with one byte that is not. */
function edited(at, value) {
  const bytes = Buffer.concat([v2('1.2.3.4', 1, '1.2.3.5', 2, []), Buffer.from('GET /')]);
  bytes[at] = value;
  return bytes;
}
