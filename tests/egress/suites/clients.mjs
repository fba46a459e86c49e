// Every client that is here, behind the HTTP proxy: what is allowed works, and what is refused is told once, by name.
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment as gitEnvironment, gitApplication } from '../../clients/apps/git.mjs';
import { pattern, sha256 } from '../../harness/bytes.mjs';
import { Authority } from '../../harness/certificates.mjs';
import { run } from '../../harness/processes.mjs';
import { until } from '../../harness/waiting.mjs';
import { Wire } from '../../harness/wire.mjs';
import { Enclave, httpProxy } from '../harness/enclave.mjs';
import { origin } from '../harness/origin.mjs';
import { Upstream } from '../harness/upstream.mjs';

const PROXY = 'http://127.0.0.1:3128';
const PUBLIC = '1.2.3.4';
const program = name => fileURLToPath(new URL(`../clients/${name}`, import.meta.url));

export default async function clientsSuite(stage) {
  const folder = await stage.folder();
  const authority = await Authority.create(folder);
  const { requests, handlers } = await origin(stage, await authority.certificate('allowed.test', '*.allowed.test', 'loop.test'));
  const upstream = await Upstream.start(stage, ({ name }) => name === 'loop.test' ? { A: ['127.0.0.1'] }
    : name === 'dual.allowed.test' ? { A: [PUBLIC], AAAA: ['2a02:26f0::4'] }
    : /\.(allowed|refused)\.test$/.test(name) ? { A: [PUBLIC] } : undefined);
  const proxy = await stage.proxy({
    Listeners: ['connect'],
    Allow: [
      { Cids: [16], Hosts: ['*.allowed.test:443', '*.allowed.test:80', 'loop.test:443', '127.0.0.1/32:443'] },
      { Cids: [17], Hosts: ['*:443'] },
    ],
  });
  // No bridge for names: none of these clients resolves one by itself.
  const enclave = await Enclave.open(stage, [httpProxy(proxy.paths.connect)]);
  const env = {
    HTTPS_PROXY: PROXY, https_proxy: PROXY, http_proxy: PROXY,
    CURL_CA_BUNDLE: authority.file, SSL_CERT_FILE: authority.file, NODE_EXTRA_CA_CERTS: authority.file, GIT_SSL_CAINFO: authority.file,
  };
  const client = (command, args, more) => enclave.run(command, args, { env, ...more });

  /** What came of a client: that it worked, and the one line about it. */
  async function works(result, host, expected, port = 443) {
    assert.equal(result.code, 0, `exit status ${result.code}: ${result.stderr}`);
    assert.match(String(result.stdout) + result.stderr, expected);
    const [line] = await until(() => { const lines = proxy.ended(`${host}:${port}`); return lines.length > 0 && lines; },
      { patience: 10_000, otherwise: () => `no line about ${host}:${port} in: ${proxy.log()}` });
    assert.match(line.Rule, /^Egress:Allow:0/);
    assert.deepEqual(proxy.refusals().filter(({ what }) => what === `${host}:${port}`), []);
    return requests.filter(request => request.headers.host?.split(':')[0] === host);
  }

  /** What came of a client that was refused: what its user sees, and one line that names the host, however often it asked. */
  async function refused(result, host, code, expected, port = 443) {
    assert.equal(result.code, code, `exit status ${result.code}: ${result.stdout}${result.stderr}`);
    if (expected) assert.match(String(result.stdout) + result.stderr, expected);
    const lines = await until(() => {
      const found = proxy.refusals().filter(({ what }) => what === `${host}:${port}`);
      return found.length > 0 && found;
    }, { patience: 10_000, otherwise: () => `no line about ${host}:${port} in: ${proxy.log()}` });
    assert.equal(lines.length, 1, proxy.log());
    assert.equal(lines[0].code, 'denied');
    assert.ok(lines[0].text.includes('app (CID 16)') && lines[0].text.includes(`${host}:${port}`), lines[0].text);
    const { count } = (await proxy.notReached()).find(({ what }) => what === `${host}:${port}`);
    assert.ok(!requests.some(request => request.headers.host?.split(':')[0] === host), 'the origin was asked');
    const told = (String(result.stderr) || String(result.stdout)).trim().split('\n').at(-1);
    stage.saw(`${count} × refused, told once; its user sees: ${told.slice(0, 160)}`);
    return count;
  }

  // apt asks four times, at 0, 1, 3 and 7 s: meanwhile the others do.
  const apt = aptSources();

  await stage.checkWith(['curl'], 'curl: CONNECT', async () => {
    const curl = (...args) => client('curl', ['-q', '-sS', ...args]);
    const [request] = await works(await curl('https://curl.allowed.test/'), 'curl.allowed.test', /^hello from curl\.allowed\.test$/);
    assert.equal(request.at, PUBLIC);
    for (let i = 0; i < 3; i++) await curl('https://curl.refused.test/');
    const result = await curl('-v', 'https://curl.refused.test/');
    assert.equal(await refused(result, 'curl.refused.test', 56, /CONNECT tunnel failed, response 403/), 4);
    assert.match(result.stderr, /< HTTP\/1\.1 403 Forbidden.*curl\.refused\.test:443/);
  });

  await stage.checkWith(['curl'], 'curl: names that lead to several addresses, or to the loopback by a rule that names it', async () => {
    await works(await client('curl', ['-q', '-sS', 'https://dual.allowed.test/']), 'dual.allowed.test', /^hello/);
    const [request] = await works(await client('curl', ['-q', '-sS', 'https://loop.test/']), 'loop.test', /^hello/);
    assert.equal(request.at, '127.0.0.1');
  });

  await stage.checkWith(['curl'], 'curl: http:// URLs: GET, HEAD, POST with a length, chunked, after 100 Continue', async () => {
    const http = (...args) => client('curl', ['-q', '-sS', ...args]);
    const url = 'http://plain.allowed.test/digest', body = pattern(3_000_000, 5);
    const digest = JSON.stringify({ length: body.length, sha256: sha256(body) });
    const [first] = await works(await http('http://plain.allowed.test/'), 'plain.allowed.test', /^hello from plain\.allowed\.test$/, 80);
    assert.equal(first.url, '/');
    assert.ok(!Object.keys(first.headers).some(name => name.startsWith('proxy-')), JSON.stringify(first.headers));
    const head = await http('--head', url);
    assert.match(String(head.stdout), /^HTTP\/1\.1 200 OK\r\n/);
    const post = (...more) => client('curl', ['-q', '-sS', url, '--data-binary', '@-', ...more], { input: body });
    assert.equal(String((await post('-H', 'Expect:')).stdout), digest);
    const chunked = await post('-H', 'Transfer-Encoding: chunked');
    assert.equal(String(chunked.stdout), digest, chunked.stderr);
    // Not the last of all: apt asks meanwhile.
    const posts = requests.filter(request => request.method === 'POST' && request.headers.host === 'plain.allowed.test');
    assert.equal(posts.at(-1).headers['transfer-encoding'], 'chunked');
    const expecting = await post('-v', '-H', 'Expect: 100-continue');
    assert.equal(String(expecting.stdout), digest, expecting.stderr);
    assert.match(expecting.stderr, /< HTTP\/1\.1 100 Continue/);
  });

  await stage.checkWith(['curl'], 'curl: several http:// URLs use one connection to the proxy, a refused one among them', async () => {
    const { code, stdout, stderr } = await client('curl', ['-q', '-sS', '-w', ' %{http_code} %{num_connects}\n',
      'http://one.allowed.test/', 'http://two.allowed.test/', 'http://plain.refused.test/', 'http://one.allowed.test/']);
    assert.equal(code, 0, stderr);
    const lines = String(stdout).trim().split(/(?<= \d{3} \d)\n/);
    assert.deepEqual(lines.map(line => line.slice(-6)), [' 200 1', ' 200 0', ' 403 0', ' 200 0'], String(stdout));
    const [, , problem] = lines;
    assert.match(problem, /"detail":.*plain\.refused\.test:80/);
    await refused({ code, stdout: problem, stderr }, 'plain.refused.test', 0, null, 80);
  });

  await stage.checkWith(['wget'], 'wget', async () => {
    const wget = host => client('wget', ['--no-config', '-nv', '-O', '-', '--ca-certificate', authority.file, `https://${host}/`]);
    await works(await wget('wget.allowed.test'), 'wget.allowed.test', /^hello from wget/);
    await refused(await wget('wget.refused.test'), 'wget.refused.test', 4, /Proxy tunneling failed: Forbidden.*wget\.refused\.test:443/);
  });

  await stage.checkWith(['git'], 'git', async () => {
    const repository = join(folder, 'origin.git'), work = join(folder, 'work');
    const git = async (...args) => {
      const result = await run('git', args, { env: gitEnvironment });
      assert.equal(result.code, 0, result.stderr);
      return String(result.stdout).trim();
    };
    await git('init', '-q', '--bare', '-b', 'main', repository);
    await git('init', '-q', '-b', 'main', work);
    await writeFile(join(work, 'file'), pattern(1_000_000, 9));
    await git('-C', work, 'add', '.');
    await git('-C', work, 'commit', '-q', '-m', 'first');
    await git('-C', work, 'push', '-q', repository, 'main');
    const application = gitApplication(folder, join(await git('--exec-path'), 'git-http-backend'));
    handlers['/origin.git'] = (request, response) => application.server.emit('request', request, response);
    const clone = (host, to) => client('git', ['clone', '-q', `https://${host}/origin.git`, join(folder, to)],
      { env: { ...gitEnvironment, ...env } });
    await works(await clone('git.allowed.test', 'copy'), 'git.allowed.test', /^/);
    assert.equal(await git('-C', join(folder, 'copy'), 'rev-parse', 'HEAD'), await git('-C', work, 'rev-parse', 'HEAD'));
    await refused(await clone('git.refused.test', 'none'), 'git.refused.test', 128, /CONNECT tunnel failed, response 403/);
  });

  await stage.checkWith(['python3'], 'Python: urllib', async () => {
    const python = host => client('/usr/bin/python3', [program('urllib-client.py'), `https://${host}/`]);
    await works(await python('python.allowed.test'), 'python.allowed.test', /^hello from python/);
    await refused(await python('python.refused.test'), 'python.refused.test', 1,
      /Tunnel connection failed: 403 Forbidden.*python\.refused\.test:443/);
  });

  await stage.check('Python 3.11 as it was: CONNECT in HTTP/1.0, without Host', async () => {
    const wire = await Wire.open(proxy.paths.connect);
    await wire.send('CONNECT old-python.allowed.test:443 HTTP/1.0\r\n\r\n');
    assert.equal(String(await wire.bytes(19)), 'HTTP/1.1 200 OK\r\n\r\n');
    wire.destroy();
  });

  const node = (way, host) => client(process.execPath, [program('node-client.mjs'), way, `https://${host}/`]);
  for (const [way, code, sees] of [
    ['undici-fetch', 1, /cancelled|aborted|403/i],
    ['undici-request', 1, /Proxy response \(403\) !== 200 when HTTP Tunneling/],
    // Which takes the proxy's refusal for the answer of the server.
    ['https-proxy-agent', 0, /^403 .*"detail".*no rule.*refused\.test:443/],
  ]) {
    await stage.check(`Node: ${way}`, async () => {
      await works(await node(way, `${way}.allowed.test`), `${way}.allowed.test`, /hello from/);
      await refused(await node(way, `${way}.refused.test`), `${way}.refused.test`, code, sees);
    });
  }

  await stage.check('AWS SDK for JavaScript, with an agent: it does not read HTTPS_PROXY', async () => {
    const arn = 'arn:aws:iam::123456789012:user/enclave';
    handlers['/sts'] = (request, response) => response.writeHead(200, { 'Content-Type': 'text/xml' }).end(
      `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>${arn}</Arn>`
      + '</GetCallerIdentityResult></GetCallerIdentityResponse>');
    const sdk = host => client(process.execPath, [program('aws-sdk-client.mjs'), `https://${host}/sts`]);
    const [request] = await works(await sdk('aws-sdk.allowed.test'), 'aws-sdk.allowed.test', new RegExp(arn));
    assert.equal(request.method, 'POST');
    // The proxy's problem is read as an answer of AWS, which would be XML.
    await refused(await sdk('aws-sdk.refused.test'), 'aws-sdk.refused.test', 1, /XML parse error|Deserialization error/);
  });

  await stage.check('.NET: HttpClient, which asks again on the connection that was refused', async () => {
    const file = program('dotnet/bin/Release/net10.0/ParentProxy.EgressClient.dll');
    const dotnet = (...hosts) => client('dotnet', [file, ...hosts.map(host => `https://${host}/`)],
      { env: { ...env, DOTNET_ROOT: process.env.DOTNET_ROOT, DOTNET_NOLOGO: '1' } });
    await works(await dotnet('net.allowed.test'), 'net.allowed.test', /^hello from net/);
    const times = await refused(await dotnet('net.refused.test', 'net.refused.test', 'net2.allowed.test'), 'net.refused.test', 1,
      /failed with status code '403'/);
    assert.equal(times, 2);
    await until(() => proxy.ended('net2.allowed.test:443').length === 1, { patience: 10_000 });
  });

  for (const [way, sees] of [
    ['http-client', /Tunnel failed, got: 403/],
    ['url-connection', /Unable to tunnel through proxy\. Proxy returns "HTTP\/1\.1 403 Forbidden/],
  ]) {
    if (stage.missing({ 'default-jdk-headless': 'javac' }).length > 0) {
      stage.skip(`Java: ${way}`, 'no JDK here');
      continue;
    }
    await stage.check(`Java: ${way}`, async () => {
      const java = host => client('java', ['-XX:TieredStopAtLevel=1', '-Dhttps.proxyHost=127.0.0.1', '-Dhttps.proxyPort=3128',
        program('JavaClient.java'), way, authority.file, `https://${host}/`]);
      await works(await java(`java-${way}.allowed.test`), `java-${way}.allowed.test`, /^hello from java/);
      await refused(await java(`java-${way}.refused.test`), `java-${way}.refused.test`, 1, sees);
    });
  }

  // A cold build of its standard library takes half a minute.
  if (!stage.figures || stage.missing({ 'golang-go': 'go' }).length > 0) {
    stage.skip('Go: net/http', 'in the large runs alone, where Go is installed');
  } else {
    await stage.check('Go: net/http', async () => {
      const built = await run('go', ['build', '-o', join(folder, 'go-client'), program('go-client.go')],
        { env: { ...process.env, GOFLAGS: '-mod=mod', GO111MODULE: 'off' } });
      assert.equal(built.code, 0, built.stderr);
      const go = host => client(join(folder, 'go-client'), [`https://${host}/`]);
      await works(await go('go.allowed.test'), 'go.allowed.test', /^hello from go/);
      await refused(await go('go.refused.test'), 'go.refused.test', 1, /Forbidden.*go\.refused\.test:443/);
    });
  }

  const APT = { apt: 'apt-get', dpkg: 'dpkg-deb' };
  await stage.checkWith(APT, 'apt: https:// and http:// sources; it asks four times for a refused one, and that is one line', async () => {
    const { good, bad, download } = await apt;
    await works(good, 'apt.allowed.test', /^/);
    await works(good, 'apt-plain.allowed.test', /^/, 80);
    assert.equal(download.code, 0, `${good.stdout}${good.stderr}${download.stderr}`);
    assert.equal(sha256(await readFile(join(folder, 'apt/good/tiny_1_all.deb'))),
      sha256(await readFile(join(folder, 'apt/tiny_1_all.deb'))));
    // The user sees a warning, and apt itself says that all is well.
    const times = await refused(bad, 'apt.refused.test', 0, /Invalid response from proxy: HTTP\/1\.1 403 *Forbidden/);
    assert.ok(times >= 4, `${times} times`);
  });

  await stage.check('no client has asked for a name by itself, and the parent has asked for none that is refused', async () => {
    assert.equal(upstream.questions.filter(({ name }) => /refused/.test(name)).length, 0);
    stage.saw(`${upstream.questions.length} questions of the parent, ${requests.length} requests at the origin`);
  });

  /** A repository with one package, three sources of it, and what apt makes of them. */
  async function aptSources() {
    if (stage.missing({ apt: 'apt-get', dpkg: 'dpkg-deb' }).length > 0) return {};
    const base = join(folder, 'apt'), tree = join(base, 'tree');
    await mkdir(join(tree, 'DEBIAN'), { recursive: true });
    const control = ['Package: tiny', 'Version: 1', 'Architecture: all', 'Maintainer: a <a@example.org>', 'Description: tiny'];
    await writeFile(join(tree, 'DEBIAN/control'), `${control.join('\n')}\n`);
    const file = join(base, 'tiny_1_all.deb');
    const built = await run('dpkg-deb', ['--root-owner-group', '--build', tree, file]);
    assert.equal(built.code, 0, built.stderr);
    const deb = await readFile(file);
    const packages = `${control.join('\n')}\nFilename: ./tiny_1_all.deb\nSize: ${deb.length}\nSHA256: ${sha256(deb)}\n`;
    const release = `Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n ${sha256(packages)} ${packages.length} Packages\n`;
    const files = { 'tiny_1_all.deb': deb, Packages: packages, Release: release };
    handlers['/apt/'] = (request, response) => {
      const content = files[request.url.replace(/^\/apt\/(\.\/)*/, '')];
      response.writeHead(content ? 200 : 404).end(content);
    };
    const fetch = async (name, urls, ...more) => {
      const at = join(base, name);
      for (const part of ['lists/partial', 'cache/archives/partial', 'etc/preferences.d', 'log'])
        await mkdir(join(at, part), { recursive: true });
      await writeFile(join(at, 'status'), '');
      await writeFile(join(at, 'sources.list'), urls.map(url => `deb [trusted=yes] ${url}/apt ./\n`).join(''));
      const options = {
        'Dir::State::lists': `${at}/lists`, 'Dir::State::status': `${at}/status`, 'Dir::Cache': `${at}/cache`, 'Dir::Log': `${at}/log`,
        'Dir::Etc': `${at}/etc`, 'Dir::Etc::sourcelist': `${at}/sources.list`, 'Dir::Etc::sourceparts': '-', 'APT::Sandbox::User': 'root',
        'Acquire::http::Proxy': PROXY, 'Acquire::https::Proxy': PROXY, 'Acquire::https::CaInfo': authority.file,
        'Acquire::Languages': 'none',
      };
      const args = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
      return enclave.run('apt-get', [...args, ...more], { cwd: at, env: { LC_ALL: 'C', TMPDIR: base } });
    };
    const bad = fetch('bad', ['https://apt.refused.test'], 'update');
    const good = await fetch('good', ['https://apt.allowed.test', 'http://apt-plain.allowed.test'], 'update');
    const download = await fetch('good', ['https://apt.allowed.test', 'http://apt-plain.allowed.test'], 'download', 'tiny');
    return { good, download, bad: await bad };
  }
}
