// Load balancers that say who their client is: curl, HAProxy and nginx send the header of the PROXY protocol to HTTP listeners.
import assert from 'node:assert/strict';
import { access, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { webApplication } from '../apps/web.mjs';
import { freePort } from '../../harness/ports.mjs';
import { run, start } from '../../harness/processes.mjs';
import { Proxy } from '../../harness/proxy.mjs';
import { until } from '../../harness/waiting.mjs';

const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';
const PROGRAMS = { haproxy: ['haproxy', 'openssl'], nginx: ['nginx', STREAM_MODULE] };

/** None of the addresses that any of the programs would use by itself. */
const CLIENT = '127.0.0.2';

const PATIENCE_MS = 20_000;

export default async function proxyProtocolSuite(stage) {
  if (stage.direct) return stage.skip('all of it', 'needs the proxy');
  const folder = await stage.folder();
  const application = webApplication();
  const [host, port] = (await stage.listen(application.server)).split(':');
  const missing = await notInstalled();

  const pem = join(folder, 'certificate.pem'), key = join(folder, 'key.pem'), both = join(folder, 'both.pem');
  const hasTls = !missing.haproxy.includes('openssl');
  if (hasTls) await certificate();

  // Nobody believes what the client itself says of its address.
  const proxy = await Proxy.start(folder, {
    Kestrel: {
      Endpoints: {
        // In the order of their names.
        H2c: endpoint('required', { Protocols: 'Http2' }),
        Http: endpoint('required'),
        ...hasTls && { Https: endpoint('required', { Url: 'https://127.0.0.1:0', Certificate: { Path: pem, KeyPath: key } }) },
        Optional: endpoint('optional'),
      },
    },
    Enclaves: [{ Id: 'application', Transport: 'tcp', TcpHost: host, Port: Number(port) }],
    Health: { Public: false, Probe: { Type: 'connect' } },
    ForwardedHeaders: { TrustedProxies: [] },
  });
  const at = Object.fromEntries(['h2c', 'http', ...hasTls ? ['https'] : [], 'optional'].map((name, i) => [name, proxy.endPoints[i]]));
  const backend = name => new URL(at[name]).host;

  /** Asks once for each URL, over as few connections as curl can, and checks who the application was told that it was. */
  async function asks(urls, { from = CLIENT, as = from, on, args = [] }) {
    const before = application.requests.length;
    const { code, stdout, stderr } = await run('curl',
      ['-q', '-sS', '-k', '--noproxy', '*', '--interface', from, '--max-time', '20', '-H', 'X-Forwarded-For: 192.0.2.66', ...args,
        ...urls.flatMap(url => ['-o', '/dev/null', '-w', '%{http_code} %{num_connects}\n', url])]);
    assert.equal(code, 0, `${stderr}\n${proxy.log()}`);
    assert.deepEqual(String(stdout).trim().split('\n').map(line => line.split(' ')[0]), urls.map(() => '200'));
    const seen = application.requests.slice(before);
    assert.equal(seen.length, urls.length);
    for (const { headers } of seen) {
      assert.equal(headers['x-forwarded-for'], as);
      if (on) assert.equal(headers['x-forwarded-port'], String(on));
    }
    return { connections: String(stdout).trim().split('\n').reduce((sum, line) => sum + Number(line.split(' ')[1]), 0), seen };
  }

  const twice = url => [`${url}/a`, `${url}/b`];

  // --- curl ----------------------------------------------------------------------------------------------------------

  await stage.check('curl --haproxy-protocol: HTTP/1.1, two requests on one connection', async () => {
    const { connections } = await asks(twice(at.http), { on: new URL(at.http).port, args: ['--haproxy-protocol'] });
    assert.equal(connections, 1);
  });

  await stage.check('curl --haproxy-protocol: HTTP/2 without TLS', () =>
    // One request: curl 7.88 breaks off a second one on such a connection, whoever serves it.
    asks([at.h2c], { args: ['--haproxy-protocol', '--http2-prior-knowledge'] }));

  if (hasTls) {
    await stage.check('curl --haproxy-protocol: the header comes before TLS, with HTTP/2 and HTTP/1.1 behind', async () => {
      for (const version of ['--http2', '--http1.1']) {
        const { seen } = await asks(twice(at.https), { args: ['--haproxy-protocol', version] });
        assert.equal(seen[0].headers['x-forwarded-proto'], 'https');
      }
    });
  }

  await stage.check('an endpoint where it is optional takes curl with the header and without', async () => {
    await asks(twice(at.optional), { args: ['--haproxy-protocol'] });
    await asks(twice(at.optional), {});
  });

  await stage.check('an endpoint that requires it answers nothing to curl without', async () => {
    const before = application.requests.length;
    const { code } = await run('curl', ['-q', '-sS', '--noproxy', '*', '--max-time', '20', at.http]);
    // Nothing came, or a reset.
    assert.match(String(code), /^(52|56)$/);
    assert.equal(application.requests.length, before);
    assert.equal(await refused('missing'), 1);
  });

  // --- HAProxy -------------------------------------------------------------------------------------------------------

  const frontends = {
    v1: { send: 'send-proxy' },
    v2: { send: 'send-proxy-v2' },
    checksum: { send: 'send-proxy-v2 proxy-v2-options crc32c' },
    'every option': { send: 'send-proxy-v2 proxy-v2-options crc32c,unique-id,authority,ssl,cert-cn,ssl-cipher,cert-sig,cert-key' },
    'health checks in v1': { send: 'send-proxy check inter 200ms fall 1 rise 2' },
    'health checks in v2': { send: 'send-proxy-v2 check inter 200ms fall 1 rise 2' },
    mapped: { send: 'send-proxy', on: '::ffff:127.0.0.1' },
    'mapped v2': { send: 'send-proxy-v2', on: '::ffff:127.0.0.1' },
    ...hasTls && {
      'TLS carried': { send: 'send-proxy-v2', to: 'https', url: 'https' },
      'TLS ended, every option': {
        send: 'send-proxy-v2-ssl-cn proxy-v2-options crc32c,unique-id,authority,ssl-cipher,cert-sig,cert-key',
        bind: `ssl crt ${both} alpn http/1.1`,
        url: 'https',
      },
    },
  };
  const others = { ip6: { send: 'send-proxy', on: '::1' }, 'ip6 v2': { send: 'send-proxy-v2', on: '::1' } };

  if (missing.haproxy.length > 0) {
    stage.skip('HAProxy in front', `not installed: ${missing.haproxy.join(' ')}`);
  } else {
    const all = { ...frontends, ...others };
    const lines = ['defaults', '  mode tcp', '  timeout connect 2s', '  timeout client 60s', '  timeout server 60s',
      '  unique-id-format %[uuid()]'];
    for (const [name, frontend] of Object.entries(all)) {
      frontend.port = await freePort();
      const id = name.replaceAll(/\W/g, '-');
      lines.push(`frontend ${id}`, `  bind ${frontend.on ?? '127.0.0.1'}:${frontend.port} ${frontend.bind ?? ''}`, `  default_backend ${id}`,
        `backend ${id}`, `  server s ${backend(frontend.to ?? 'http')} ${frontend.send}`);
    }
    const socket = { v1: join(folder, '1.sock'), v2: join(folder, '2.sock') };
    for (const [version, option] of [['v1', 'send-proxy'], ['v2', 'send-proxy-v2']])
      lines.push(`listen unix-${version}`, `  bind unix@${socket[version]}`, `  server s ${backend('http')} ${option}`);
    const haproxy = await server('haproxy', ['-db', '-f', await file('haproxy.cfg', `${lines.join('\n')}\n`)],
      Object.values(all).map(({ on = '127.0.0.1', port }) => [on.replace('::ffff:', ''), port]));

    for (const [name, { port, url = 'http' }] of Object.entries(frontends)) {
      await stage.check(`HAProxy, ${name}: client and port are those that it names, on every request of a connection`, async () => {
        const { connections } = await asks(twice(`${url}://127.0.0.1:${port}`), { on: port });
        assert.equal(connections, 1);
      });
    }

    for (const [name, { port }] of Object.entries(others)) {
      await stage.check(`HAProxy, ${name}: a client of IPv6, though HAProxy connects over IPv4`, () =>
        asks(twice(`http://[::1]:${port}`), { from: '::1', on: port }));
    }

    for (const version of ['v1', 'v2']) {
      await stage.check(`HAProxy, ${version}, with a client on a unix socket: the address is HAProxy's`, async () => {
        await asks(twice('http://x'), { from: '127.0.0.1', args: ['--unix-socket', socket[version]] });
      });
    }

    await stage.check('HAProxy: its health checks, which bring a header and nothing else, were refused by nobody', async () => {
      assert.doesNotMatch(haproxy.said(), /DOWN/);
      assert.deepEqual(await Promise.all(['untrusted', 'missing', 'malformed', 'timeout'].map(refused)), [0, 1, 0, 0]);
    });
  }

  // --- nginx ---------------------------------------------------------------------------------------------------------

  if (missing.nginx.length > 0) {
    stage.skip('nginx in front', `not installed: ${missing.nginx.join(' ')}`);
  } else {
    const [four, six] = [await freePort(), await freePort()];
    const text = `load_module ${STREAM_MODULE}; daemon off; master_process off; pid nginx.pid; error_log stderr error; events { }
      stream { server { listen 127.0.0.1:${four}; listen [::1]:${six}; proxy_protocol on; proxy_pass ${backend('http')}; } }\n`;
    await server('nginx', ['-p', folder, '-e', 'stderr', '-c', await file('nginx.conf', text)], [['127.0.0.1', four], ['::1', six]]);

    await stage.check('nginx stream, proxy_protocol on: client and port are those that it names', () =>
      asks(twice(`http://127.0.0.1:${four}`), { on: four }));

    await stage.check('nginx stream, proxy_protocol on: a client of IPv6', () =>
      asks(twice(`http://[::1]:${six}`), { from: '::1', on: six }));
  }

  await stage.check('no connection but the one without a header was refused', async () => {
    await proxy.stop();
    assert.deepEqual(proxy.faults(), []);
    assert.equal((proxy.log().match(/Closed a new connection/g) ?? []).length, 1, proxy.log());
  });

  function endpoint(accept, more) {
    return { Url: 'http://127.0.0.1:0', ProxyProtocol: { Accept: accept, TrustedSources: ['127.0.0.0/8'] }, ...more };
  }

  async function refused(reason) {
    const text = await (await fetch(`${proxy.admin}/metrics`)).text();
    return text.split('\n')
      .filter(line => line.startsWith('parentproxy_client_connections_refused_total{') && line.includes(`reason="${reason}"`))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  async function certificate() {
    const { code, stderr } = await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
      '-subj', '/CN=127.0.0.1', '-days', '2', '-keyout', key, '-out', pem]);
    assert.equal(code, 0, stderr);
    const { stdout } = await run('cat', [pem, key]);
    await writeFile(both, stdout);
  }

  function file(name, text) {
    const path = join(folder, name);
    return writeFile(path, text).then(() => path);
  }

  /** Starts a load balancer, and waits until it listens everywhere: a connection without a byte, which nobody may refuse. */
  async function server(command, args, places) {
    const child = start(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = [];
    child.stdout.on('data', text => said.push(String(text)));
    child.stderr.on('data', text => said.push(String(text)));
    child.said = () => said.join('');
    stage.atEnd(() => { child.kill('SIGKILL'); return child.ended; });
    for (const [host, port] of places)
      await until(() => accepts(host, port), { patience: PATIENCE_MS, otherwise: () => `${command} does not listen: ${child.said()}` });
    return child;
  }
}

function accepts(host, port) {
  return new Promise(resolve => {
    const socket = connect(port, host);
    socket.once('connect', () => { socket.end(); resolve(true); });
    socket.once('error', () => resolve(false));
  });
}

/** Of each load balancer, what is not here. */
async function notInstalled() {
  const here = async name => {
    const paths = name.startsWith('/') ? [name] : [...process.env.PATH.split(delimiter), '/usr/sbin'].map(folder => join(folder, name));
    return (await Promise.allSettled(paths.map(path => access(path)))).some(({ status }) => status === 'fulfilled');
  };
  const entries = Object.entries(PROGRAMS).map(async ([name, needed]) => {
    const found = await Promise.all(needed.map(here));
    return [name, needed.filter((_, i) => !found[i])];
  });
  return Object.fromEntries(await Promise.all(entries));
}
