// Records what real TLS clients send first, each on a connection of its own.
// usage: node tests/passthrough/client-hello.mjs [CLIENT]…      default: every client that is installed
// Prints one line for each ClientHello: client, version, sizes of the segments as they came in, and the bytes (base64).
// What a client asks for is https://a.example/, on 127.0.0.1; nothing is resolved, and nothing leaves the machine.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const name = 'a.example';
const quiet = 300; // Milliseconds without a byte after which what came is all.
const limit = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'client-hello-'));

const clients = {
  'curl': { version: ['curl', '--version'], run: port => ['curl', '-sk', '--noproxy', '*', '--resolve', `${name}:${port}:127.0.0.1`, `https://${name}:${port}/`] },
  'wget': { version: ['wget', '--version'], run: port => ['wget', '-q', '-O', '-', '--tries=1', '-e', 'use_proxy=on', '-e', `https_proxy=http://127.0.0.1:${port}/`, `https://${name}/`] },
  'git': { version: ['git', '--version'], run: port => ['git', '-c', `http.proxy=http://127.0.0.1:${port}/`, 'ls-remote', `https://${name}/x.git`] },
  'gnutls-cli': { version: ['gnutls-cli', '--version'], run: port => ['gnutls-cli', '--insecure', '--port', `${port}`, '--sni-hostname', name, '127.0.0.1'] },
  'openssl': { version: ['openssl', 'version'], run: port => ['openssl', 's_client', '-connect', `127.0.0.1:${port}`, '-servername', name] },
  'openssl-address': { version: ['openssl', 'version'], run: port => ['openssl', 's_client', '-connect', `127.0.0.1:${port}`] },
  'openssl-alpn': { version: ['openssl', 'version'], run: port => ['openssl', 's_client', '-connect', `127.0.0.1:${port}`, '-servername', name, '-alpn', 'h2,http/1.1'] },
  'node': {
    version: ['node', '--version'],
    run: port => ['node', '-e', `require('https').get({ host: '${name}', port: ${port}, rejectUnauthorized: false,
      lookup: (n, o, done) => o.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4) }).on('error', () => {})`],
  },
  'python': {
    version: ['python3', '-c', 'import sys, ssl; print("Python", sys.version.split()[0], ssl.OPENSSL_VERSION)'],
    run: port => ['python3', '-c', `import socket, ssl
ssl.create_default_context().wrap_socket(socket.create_connection(("127.0.0.1", ${port})), server_hostname="${name}")`],
  },
  'java-httpclient': {
    version: ['java', '--version'],
    run: port => ['java', write('Client.java', `import java.net.*; import java.net.http.*;
class Client { public static void main(String[] a) throws Exception {
  try { HttpClient.newBuilder().proxy(ProxySelector.of(new InetSocketAddress("127.0.0.1", ${port}))).build()
    .send(HttpRequest.newBuilder(URI.create("https://${name}/")).build(), HttpResponse.BodyHandlers.discarding()); }
  catch (java.io.IOException e) { } } }`)],
  },
  'java-urlconnection': {
    version: ['java', '--version'],
    run: port => ['java', write('Connection.java', `import java.net.*;
class Connection { public static void main(String[] a) throws Exception {
  try { new URL("https://${name}/").openConnection(new Proxy(Proxy.Type.HTTP, new InetSocketAddress("127.0.0.1", ${port}))).getInputStream(); }
  catch (java.io.IOException e) { } } }`)],
  },
  'go': {
    version: ['go', 'version'],
    run: port => ['go', 'run', write('client.go', `package main
import ("context"; "net"; "net/http")
func main() {
  http.DefaultTransport.(*http.Transport).DialContext = func(c context.Context, _, _ string) (net.Conn, error) {
    return net.Dial("tcp", "127.0.0.1:${port}") }
  http.Get("https://${name}/")
}`)],
  },
  'dotnet': { version: ['dotnet', '--version'], run: port => ['dotnet', 'run', '--project', dotnet(), '--', '1.1', `${port}`] },
  'dotnet-http2': { version: ['dotnet', '--version'], run: port => ['dotnet', 'run', '--project', dotnet(), '--', '2.0', `${port}`] },
  'dotnet-dot': { version: ['dotnet', '--version'], run: port => ['dotnet', 'run', '--project', dotnet(), '--', '1.1', `${port}`, '.'] },
  'chromium': { version: ['chromium', '--version'], run: port => chromium(port, name) },
  'chromium-long-name': { version: ['chromium', '--version'], run: port => chromium(port, `${'a'.repeat(63)}.${'b'.repeat(63)}.${name}`) },
};

function chromium(port, host) {
  return ['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    `--user-data-dir=${mkdtempSync(join(folder, 'chromium-'))}`, `--host-resolver-rules=MAP ${host} 127.0.0.1, MAP * ~NOTFOUND`,
    '--dump-dom', `https://${host}:${port}/`];
}

function write(file, text) {
  const path = join(folder, file);
  writeFileSync(path, text);
  return path;
}

function dotnet() {
  write('Client.csproj', `<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings><EnableDefaultItems>false</EnableDefaultItems></PropertyGroup>
    <ItemGroup><Compile Include="Client.cs" /></ItemGroup></Project>`);
  write('Client.cs', `using System.Net; using System.Net.Sockets;
    using var client = new HttpClient(new SocketsHttpHandler { ConnectCallback = async (_, token) => {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, int.Parse(args[1]), token);
        return new NetworkStream(socket, ownsSocket: true); } })
      { DefaultRequestVersion = Version.Parse(args[0]), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
    try { await client.GetAsync("https://${name}" + (args.Length > 2 ? args[2] : "") + "/"); } catch (HttpRequestException) { }`);
  return folder;
}

// Takes CONNECT as well, for the clients that can be told a proxy and no address.
function record(client) {
  return new Promise((resolve, reject) => {
    let process;
    const timer = setTimeout(() => end(() => reject(new Error('no ClientHello'))), limit);
    const server = createServer(socket => {
      socket.setNoDelay();
      const segments = [];
      let silence;
      socket.on('error', () => {});
      socket.on('data', bytes => {
        if (segments.length === 0 && bytes.toString('latin1').startsWith('CONNECT ')) {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          return;
        }
        segments.push(bytes);
        clearTimeout(silence);
        silence = setTimeout(() => { socket.destroy(); end(() => resolve(segments)); }, quiet);
      });
    });
    function end(then) {
      clearTimeout(timer);
      server.close();
      if (process.exitCode === null) {
        process.once('exit', then);
        process.kill('SIGKILL');
      } else then();
    }
    server.listen(0, '127.0.0.1', () => {
      const [program, ...options] = client.run(server.address().port);
      process = spawn(program, options, { stdio: ['pipe', 'ignore', 'ignore'], cwd: folder, env: { ...globalThis.process.env, DOTNET_NOLOGO: '1', https_proxy: '' } });
    });
  });
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter(client => !(client in clients));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; known: ${Object.keys(clients).join(', ')}`);
  process.exit(2);
}
for (const key of wanted.length > 0 ? wanted : Object.keys(clients)) {
  const [program, ...options] = clients[key].version;
  const version = spawnSync(program, options, { encoding: 'utf8' });
  if (version.status !== 0) {
    console.error(`${key}: not installed`);
    continue;
  }
  try {
    const segments = await record(clients[key]);
    const title = version.stdout.split('\n')[0].replace(/ \(.*| \[.*| built on.*/, '').replace(/ /g, '_');
    console.log([key, title, segments.map(bytes => bytes.length).join('+'), Buffer.concat(segments).toString('base64')].join(' '));
  } catch (error) {
    console.error(`${key}: ${error.message}`);
    process.exitCode = 1;
  }
}
rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
