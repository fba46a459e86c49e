// TLS that ends in the enclave: what is encrypted there arrives as it is.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createSecureServer } from 'node:http2';
import { join } from 'node:path';
import { WebSocket, WebSocketServer } from 'ws';
import { pattern, sha256 } from '../../harness/bytes.mjs';
import { freePort } from '../../harness/ports.mjs';
import { run } from '../../harness/processes.mjs';
import { Queue } from '../../harness/signals.mjs';
import { until } from '../../harness/waiting.mjs';
import { Authority, fingerprintIn, openssl } from '../../harness/certificates.mjs';

const MiB = 1024 * 1024;

export default async function tlsSuite(stage) {
  const folder = await stage.folder();
  const authority = await Authority.create(folder), stranger = await Authority.create(folder, 'stranger');
  const own = await authority.certificate('enclave.test');
  const client = await authority.certificate('client.test');

  /** HTTP/1.1, HTTP/2 and WebSocket over TLS on a unix socket. A client may show a certificate. */
  async function application(path) {
    const server = createSecureServer(
      { ...own, ca: await readFile(authority.file), requestCert: true, rejectUnauthorized: false, allowHTTP1: true },
      async (request, response) => {
        if (request.url === '/digest') {
          const pieces = [];
          for await (const piece of request) pieces.push(piece);
          const body = Buffer.concat(pieces);
          response.end(JSON.stringify({ length: body.length, sha256: sha256(body) }));
        } else if (request.url === '/who') {
          const { socket } = request.stream?.session ?? request;
          // A session that is taken up again may hold no certificate.
          response.end(socket.getPeerCertificate()?.subject?.CN ?? 'nobody');
        } else {
          response.end(pattern(20 * MiB, 7));
        }
      });
    const sockets = new WebSocketServer({ server, maxPayload: 2 * MiB });
    sockets.on('connection', peer => peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary })));
    server.listen(path);
    await once(server, 'listening');
    stage.atEnd(() => server.close());
    return `unix:${path}`;
  }

  /** OpenSSL's own server, on TCP. */
  async function opensslServer() {
    const port = await freePort();
    const server = stage.start('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', own.certFile, '-key', own.keyFile, '-www'],
      { stdio: ['ignore', 'pipe', 'pipe'] });
    await until(() => /ACCEPT/.test(server.said()), { patience: 10_000 });
    return `tcp://127.0.0.1:${port}`;
  }

  const proxy = await stage.proxy([{ To: await application(join(folder, 'app.sock')) }, { To: await opensslServer() }]);
  const [unix, tcp] = proxy.ports;
  const curl = (port, path, ...args) => run('curl', ['-q', '-sS', '--noproxy', '*', '--cacert', authority.file,
    '--resolve', `enclave.test:${port}:127.0.0.1`, `https://enclave.test:${port}${path}`, ...args]);
  async function good(...args) {
    const result = await curl(...args);
    assert.equal(result.code, 0, result.stderr);
    return result;
  }

  await stage.checkWith(['curl'], 'curl: the certificate is that of the enclave, and 20 MiB arrive', async () => {
    const { stdout } = await good(unix, '/', '--http1.1', '-w', '%{stderr}%{http_version} %{ssl_verify_result}\n%{certs}');
    assert.equal(sha256(stdout), sha256(pattern(20 * MiB, 7)));
    const { stdout: shown, stderr } = await good(unix, '/who', '--http1.1', '-w', '%{stderr}%{certs}');
    assert.equal(String(shown), 'nobody');
    await writeFile(join(folder, 'seen.pem'), /-----BEGIN[\s\S]*?END CERTIFICATE-----/.exec(stderr)[0]);
    const { stdout: seen } = await openssl(['x509', '-in', join(folder, 'seen.pem'), '-noout', '-fingerprint', '-sha256']);
    assert.equal(fingerprintIn(String(seen)), own.fingerprint);
    stage.saw(`fingerprint ${own.fingerprint.slice(0, 23)}…, as in the file of the enclave`);
  });

  await stage.checkWith(['curl'], 'curl: with another authority it refuses', async () => {
    const { code, stderr } = await curl(unix, '/', '--cacert', stranger.file);
    assert.equal(code, 60, stderr);
    stage.saw(stderr.split('\n')[0]);
  });

  await stage.checkWith(['curl'], 'curl: HTTP/2 by ALPN, 20 MiB up and down', async () => {
    const up = pattern(20 * MiB, 8);
    const body = await run('curl', ['-q', '-sS', '--noproxy', '*', '--cacert', authority.file,
      '--resolve', `enclave.test:${unix}:127.0.0.1`,
      `https://enclave.test:${unix}/digest`, '--data-binary', '@-', '-w', ' %{http_version}'], { input: up });
    assert.equal(String(body.stdout), `${JSON.stringify({ length: up.length, sha256: sha256(up) })} 2`, body.stderr);
    const { stdout } = await good(unix, '/', '--http2');
    assert.equal(sha256(stdout), sha256(pattern(20 * MiB, 7)));
  });

  await stage.checkWith(['curl'], 'curl: mutual TLS, the enclave sees the client’s certificate', async () => {
    const { stdout } = await good(unix, '/who', '--http1.1', '--cert', client.certFile, '--key', client.keyFile);
    assert.equal(String(stdout), 'client.test');
  });

  await stage.checkWith(['curl'], 'curl: OpenSSL’s server behind TCP', async () => {
    const { stdout } = await good(tcp, '/', '--http1.1');
    assert.match(String(stdout), /Ciphers supported in s_server binary/);
  });

  for (const version of ['-tls1_2', '-tls1_3']) {
    await stage.check(`openssl s_client ${version}: verified, the enclave’s certificate, a session taken up again`, async () => {
      const session = join(folder, `session${version}`);
      const ask = (...args) => run('openssl', ['s_client', '-connect', `127.0.0.1:${unix}`, '-servername', 'enclave.test', version,
        '-CAfile', authority.file, '-verify_return_error', '-ign_eof', ...args],
      { input: 'GET /who HTTP/1.1\r\nHost: enclave.test\r\nConnection: close\r\n\r\n' });
      const first = await ask('-sess_out', session);
      assert.match(String(first.stdout), /Verify return code: 0 \(ok\)/, first.stderr);
      assert.match(String(first.stdout), /\r\n\r\n(6\r\n)?nobody/);
      await writeFile(join(folder, 'seen.pem'), /-----BEGIN[\s\S]*?END CERTIFICATE-----/.exec(first.stdout)[0]);
      const { stdout: seen } = await openssl(['x509', '-in', join(folder, 'seen.pem'), '-noout', '-fingerprint', '-sha256']);
      assert.equal(fingerprintIn(String(seen)), own.fingerprint);
      const second = await ask('-sess_in', session);
      assert.match(String(second.stdout), /^Reused, TLSv1/m, second.stderr);
      stage.saw(/^(New|Reused), .*$/m.exec(second.stdout)[0]);
    });
  }

  await stage.check('WebSocket in TLS: 300 messages of up to 1 MiB are echoed in order, closed with code and reason', async () => {
    const options = { ca: await readFile(authority.file), servername: 'enclave.test', maxPayload: 2 * MiB };
    const socket = new WebSocket(`wss://127.0.0.1:${unix}/`, options);
    const messages = new Queue();
    socket.on('message', data => messages.put(sha256(data)));
    await once(socket, 'open');
    assert.equal(socket._socket.getPeerCertificate().fingerprint256, own.fingerprint);
    let bytes = 0;
    const sent = [];
    for (let i = 0; i < 300; i++) {
      const message = pattern(i === 150 ? MiB : 1 + 37 * i * (i % 11), i + 1);
      sent.push(sha256(message));
      bytes += message.length;
      socket.send(message);
      while (socket.bufferedAmount > 4 * MiB) await new Promise(resolve => setImmediate(resolve));
    }
    for (const digest of sent) assert.equal(await messages.take(), digest);
    socket.close(4001, 'enough');
    assert.deepEqual((await once(socket, 'close')).map(String), ['4001', 'enough']);
    stage.saw(`${bytes} bytes each way`);
  });
}
