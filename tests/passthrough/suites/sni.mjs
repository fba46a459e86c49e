// Which enclave by the server name of the ClientHello, with every TLS client that is here.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { run } from '../../harness/processes.mjs';
import { Authority } from '../../harness/certificates.mjs';
import { Wire } from '../../harness/wire.mjs';

const NAMES = ['a.test', 'x.b.test', 'y.x.b.test', 'elsewhere.test'];
const REQUEST = 'GET / HTTP/1.0\r\n\r\n';

// Clients that are written: each takes the file of the authority, the name and the port.
const PYTHON = `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
with context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[3]))), server_hostname=sys.argv[2]) as s:
    s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
    while piece := s.recv(4096): print(piece.decode())`;
const JAVA = `
import java.io.*; import java.security.*; import java.security.cert.*; import java.util.*; import javax.net.ssl.*;
class Client { public static void main(String[] a) throws Exception {
  KeyStore store = KeyStore.getInstance("PKCS12"); store.load(null);
  store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(new FileInputStream(a[0])));
  TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX"); trust.init(store);
  SSLContext context = SSLContext.getInstance("TLS"); context.init(null, trust.getTrustManagers(), null);
  SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", Integer.parseInt(a[2]));
  SSLParameters parameters = socket.getSSLParameters();
  parameters.setServerNames(List.of(new SNIHostName(a[1]))); socket.setSSLParameters(parameters);
  socket.getOutputStream().write("GET / HTTP/1.0\\r\\n\\r\\n".getBytes());
  System.out.write(socket.getInputStream().readAllBytes()); System.out.flush(); } }`;
const GO = `package main
import ("crypto/tls"; "crypto/x509"; "fmt"; "io"; "os")
func main() {
  pem, _ := os.ReadFile(os.Args[1])
  pool := x509.NewCertPool(); pool.AppendCertsFromPEM(pem)
  connection, err := tls.Dial("tcp", "127.0.0.1:" + os.Args[3], &tls.Config{ServerName: os.Args[2], RootCAs: pool})
  if err != nil { panic(err) }
  fmt.Fprint(connection, "GET / HTTP/1.0\\r\\n\\r\\n")
  io.Copy(os.Stdout, connection)
}`;

const DOTNET = `#:property PublishAot=false
using System.Net.Security; using System.Net.Sockets; using System.Security.Cryptography.X509Certificates;
using var tcp = new TcpClient("127.0.0.1", int.Parse(args[2]));
var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
policy.CustomTrustStore.ImportFromPemFile(args[0]);
await using var tls = new SslStream(tcp.GetStream());
await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = args[1], CertificateChainPolicy = policy });
tls.Write("GET / HTTP/1.0\\r\\n\\r\\n"u8);
await tls.CopyToAsync(Console.OpenStandardOutput());`;

export default async function sniSuite(stage) {
  const folder = await stage.folder();
  const authority = await Authority.create(folder);
  const own = await authority.certificate(...NAMES, 'localhost');
  let asked = [];

  /** An enclave that answers with its name, to whatever name. */
  async function named(name) {
    const server = createServer(own, (request, response) => {
      asked.push(`${name} ${request.headers['user-agent'] ?? '-'}`);
      response.setHeader('Content-Type', 'text/plain');
      response.end(`<${name}>\n`);
    });
    server.listen(join(folder, `${name}.sock`));
    await once(server, 'listening');
    stage.atEnd(() => { server.close(); server.closeAllConnections(); });
    return `unix:${folder}/${name}.sock`;
  }
  const [a, b, other] = [await named('a'), await named('b'), await named('other')];
  const names = { 'a.test': a, '*.b.test': b };
  const proxy = await stage.proxy([
    { Sni: { ...names, default: other } },
    { Sni: { ...names, default: 'reject' }, PrereadTimeout: '00:00:02' },
  ]);
  const [open, strict] = proxy.ports;

  const file = async (name, text) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const resolve = (name, port) => `${name}:${port}:127.0.0.1`;

  const s_client = (name, port, ...args) => printed('openssl', ['s_client', '-quiet', '-verify_quiet', '-CAfile', authority.file,
    '-servername', name, '-connect', `127.0.0.1:${port}`, '-ign_eof', ...args], REQUEST);

  /**
   * Each asks https://NAME:PORT/ on 127.0.0.1 and gives what it printed. Of git and Chromium, which print something else or
   * open more than one connection, what came at the enclave counts.
   */
  const clients = {
    'curl (OpenSSL)': {
      needs: ['curl'],
      ask: (name, port) => printed('curl', ['-q', '-sS', '--noproxy', '*', '--cacert', authority.file, '--resolve', resolve(name, port),
        `https://${name}:${port}/`]),
    },
    'openssl s_client': { needs: ['openssl'], ask: (name, port) => s_client(name, port, '-verify_return_error') },
    'openssl s_client, TLS 1.2 alone': { needs: ['openssl'], ask: (name, port) => s_client(name, port, '-tls1_2') },
    'gnutls-cli': {
      needs: { 'gnutls-bin': 'gnutls-cli' },
      ask: (name, port) => printed('gnutls-cli', ['--x509cafile', authority.file, '--sni-hostname', name, '--verify-hostname', name,
        '-p', port, '127.0.0.1'], REQUEST),
    },
    'git (GnuTLS)': {
      needs: ['git'],
      atEnclave: /git\//,
      ask: (name, port) => printed('git',
        ['-c', `http.curloptResolve=${resolve(name, port)}`, 'ls-remote', `https://${name}:${port}/x.git`]),
    },
    'Node': {
      ask: async (name, port) => {
        const socket = connectTls({ host: '127.0.0.1', port, servername: name, ca: await readFile(authority.file) });
        socket.write(REQUEST);
        let text = '';
        try {
          for await (const piece of socket) text += piece;
        } catch (error) {
          text += error.message;
        }
        return text;
      },
    },
    'Python': {
      needs: ['python3'],
      ask: async (name, port) => printed('python3', [await file('client.py', PYTHON), authority.file, name, port]),
    },
    // It cannot be told where a name is, but goes through a proxy, whatever the name.
    'wget (GnuTLS)': {
      needs: ['wget'],
      ask: async (name, port) => printed('wget', ['--no-config', '-q', '-O', '-', '--tries=1', `--ca-certificate=${authority.file}`,
        '-e', 'use_proxy=on', '-e', `https_proxy=http://127.0.0.1:${await tunnel(port)}/`, `https://${name}/`]),
    },
    '.NET': { optional: 'dotnet', ask: async (name, port) => printed('dotnet', [await dotnetProgram(), authority.file, name, port]) },
    'Java': { optional: 'java', ask: async (name, port) => printed('java', [await file('Client.java', JAVA), authority.file, name, port]) },
    'Go': { optional: 'go', ask: async (name, port) => printed('go', ['run', await file('client.go', GO), authority.file, name, port]) },
    'Chromium': {
      needs: ['chromium'],
      atEnclave: /Chrome/,
      ask: async (name, port) => printed('chromium', ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--ignore-certificate-errors', `--user-data-dir=${await stage.folder()}`,
        `--host-resolver-rules=MAP ${name} 127.0.0.1, MAP * ~NOTFOUND`, '--dump-dom', `https://${name}:${port}/`]),
    },
  };

  /** A proxy that takes every CONNECT to a port of this machine. */
  async function tunnel(port) {
    const proxy = createHttp().on('connect', (request, client) => {
      const server = connect(port, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
      server.pipe(client).pipe(server);
      for (const [one, other] of [[client, server], [server, client]]) one.on('error', () => other.destroy());
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    stage.atEndOfCheck(() => { proxy.close(); proxy.closeAllConnections(); });
    return proxy.address().port;
  }

  let program;

  /** The program of .NET, built at its first use. */
  async function dotnetProgram() {
    if (program) return program;
    const text = await printed('dotnet', ['build', await file('dotnet.cs', DOTNET), '-o', join(folder, 'dotnet')]);
    const built = join(folder, 'dotnet', 'dotnet.dll');
    assert.ok(existsSync(built), text);
    return program = built;
  }

  async function printed(command, args, input) {
    const env = { ...process.env, HOME: folder, GIT_SSL_CAINFO: authority.file, GOCACHE: join(folder, 'go') };
    const { stdout, stderr } = await run(command, args, { input, cwd: folder, env });
    return `${stdout}${stderr}`;
  }

  for (const [name, { needs, optional, atEnclave, ask }] of Object.entries(clients)) {
    if (optional && stage.missing([optional]).length > 0) {
      stage.saw(`${name}: not here, and not asked for`);
      continue;
    }
    await stage.checkWith(needs ?? {}, `${name}: each name leads to its enclave, a rejected one to none`, async () => {
      for (const [host, expected] of [['a.test', 'a'], ['x.b.test', 'b'], ['elsewhere.test', 'other']]) {
        asked = [];
        const text = await ask(host, open);
        const enclave = atEnclave ? asked.find(line => atEnclave.test(line))?.split(' ')[0] : /<(\w+)>/.exec(text)?.[1];
        assert.equal(enclave, expected, `${host}: ${text.slice(0, 500)}`);
      }
      asked = [];
      const text = await ask('elsewhere.test', strict);
      assert.deepEqual(asked, []);
      if (!atEnclave) assert.doesNotMatch(text, /<(a|b|other)>/);
    });
  }

  await stage.check('names in capitals, and what is and is not below the wildcard', async () => {
    for (const [host, expected] of [['A.TEST', 'a'], ['X.B.Test', 'b'], ['y.x.b.test', 'b'], ['b.test', 'other']]) {
      const text = await clients['openssl s_client, TLS 1.2 alone'].ask(host, open);
      assert.match(text, new RegExp(`<${expected}>`), host);
    }
  });

  await stage.check('no server name: the default, and a line that says so where it is refused', async () => {
    const ask = port => printed('openssl', ['s_client', '-noservername', '-quiet', '-verify_quiet', '-CAfile', authority.file,
      '-connect', `127.0.0.1:${port}`, '-ign_eof'], REQUEST);
    assert.match(await ask(open), /<other>/);
    assert.doesNotMatch(await ask(strict), /<\w+>/);
    if (!stage.ours) return;
    stage.saw(proxy.log().split('\n').filter(line => /refused/.test(line)).at(-1));
    assert.match(proxy.log(), /refused \(\w+\).*name/);
  });

  await stage.check('a ClientHello in pieces of one byte', async () => {
    const hello = await recorded(stage);
    const wire = await Wire.open(open);
    stage.atEndOfCheck(() => wire.destroy());
    for (const byte of hello) {
      await wire.send(Buffer.from([byte]));
      await sleep(1);
    }
    // A ServerHello: a record of a handshake.
    assert.equal((await wire.bytes(1))[0], 22);
  });

  await stage.checkOurs('what is no TLS: closed, and nothing is forwarded', async () => {
    asked = [];
    for (const text of ['GET / HTTP/1.1\r\nHost: a.test\r\n\r\n', 'SSH-2.0-OpenSSH_9.2\r\n', '\x16\x03\x01\x00\x05\x01\x00\xff\xff\xff']) {
      const fate = await Wire.refused(strict, Buffer.from(text, 'latin1'));
      stage.saw(`${JSON.stringify(text.slice(0, 12))}: ${fate}`);
      assert.match(fate, /^(end|ECONNRESET)$/);
    }
    assert.deepEqual(asked, []);
  });

  await stage.checkOurs('half a ClientHello and silence: closed after PrereadTimeout', async () => {
    const started = performance.now();
    const fate = await Wire.refused(strict, (await recorded(stage)).subarray(0, 100));
    stage.saw(`'${fate}' after ${(performance.now() - started).toFixed(0)} ms`);
    assert.ok(performance.now() - started > 1500);
  });
}

/** The ClientHello of this node for a.test. */
async function recorded(stage) {
  const { createServer: createTcp } = await import('node:net');
  const server = createTcp().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connectTls({ host: '127.0.0.1', port: server.address().port, servername: 'a.test' });
  client.on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [hello] = await once(socket, 'data');
  stage.atEndOfCheck(() => { client.destroy(); socket.destroy(); server.close(); });
  return hello;
}
