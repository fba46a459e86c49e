import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { webApplication } from '../apps/web.mjs';
import { pattern, sha256 } from '../../harness/bytes.mjs';
import { run, start } from '../../harness/processes.mjs';
import { Queue } from '../../harness/signals.mjs';

const MiB = 1024 * 1024;

export default async function curlSuite(stage) {
  const application = webApplication();
  const proxy = await stage.proxy(await stage.listen(application.server));
  const folder = await stage.folder();
  const url = target => `http://${proxy.http1}${target}`;
  const last = () => application.requests.at(-1);

  // No configuration file of the user, no proxy of the environment. No --max-time: with it curl 7.88 stops looking at a
  // paused standard input.
  const base = ['-q', '-sS', '--noproxy', '*'];
  const curl = (args, options = {}) => run('curl', [...base, ...args], { cwd: folder, ...options });
  async function good(args, options) {
    const result = await curl(args, options);
    assert.equal(result.code, 0, result.stderr);
    return result;
  }

  /** Response heads as curl prints them, one array of lines each. */
  const heads = text => String(text).split(/\r\n\r\n/).filter(Boolean).map(head => head.trim().split('\r\n'));
  const field = (head, name) =>
    head.filter(line => line.toLowerCase().startsWith(`${name.toLowerCase()}:`)).map(line => line.slice(name.length + 1).trim());

  await stage.check('HTTP/1.1 GET: status, length and bytes', async () => {
    const { stdout } = await good([url('/bytes?n=300000&seed=3'), '-D', 'head']);
    assert.equal(sha256(stdout), sha256(pattern(300_000, 3)));
    const [head] = heads(await readFile(join(folder, 'head')));
    assert.equal(head[0], 'HTTP/1.1 200 OK');
    assert.deepEqual(field(head, 'Content-Length'), ['300000']);
    assert.equal(last().httpVersion, '1.1');
  });

  await stage.check('HTTP/1.1 POST with Content-Length', async () => {
    const body = pattern(500_000, 4);
    const { stdout } = await good([url('/digest'), '-H', 'Expect:', '--data-binary', '@-'], { input: body });
    assert.deepEqual(JSON.parse(stdout), { length: body.length, sha256: sha256(body) });
    assert.equal(last().headers['content-length'], '500000');
    assert.equal(last().headers['transfer-encoding'], undefined);
  });

  await stage.check('HTTP/1.0 GET of a body without length: unchunked, ended by the close', async () => {
    const { stdout } = await good(['--http1.0', url('/chunked?n=200000&seed=5'), '-D', 'head']);
    assert.equal(sha256(stdout), sha256(pattern(200_000, 5)));
    const [head] = heads(await readFile(join(folder, 'head')));
    assert.deepEqual(field(head, 'Transfer-Encoding'), []);
  });

  await stage.check('HTTP/1.0 GET with a length, POST, and HEAD', async () => {
    const get = await good(['--http1.0', url('/bytes?n=70000&seed=6')]);
    assert.equal(sha256(get.stdout), sha256(pattern(70_000, 6)));
    const body = pattern(70_000, 7);
    const post = await good(['--http1.0', url('/digest'), '--data-binary', '@-'], { input: body });
    assert.deepEqual(JSON.parse(post.stdout), { length: body.length, sha256: sha256(body) });
    const [head] = heads((await good(['--http1.0', '-I', url('/bytes?n=70000&seed=6')])).stdout);
    assert.deepEqual(field(head, 'X-Digest'), [sha256(pattern(70_000, 6))]);
  });

  await stage.check('HTTP/1.0 with Connection: keep-alive: two requests on one connection', async () => {
    const { stdout } = await good(
      ['--http1.0', '-H', 'Connection: keep-alive', '-o', 'one', url('/bytes?n=10'), '-o', 'two', url('/bytes?n=20'),
        '-w', '%{num_connects}\\n']);
    assert.equal(String(stdout), '1\n0\n');
    assert.deepEqual(await readFile(join(folder, 'two')), pattern(20));
  });

  await stage.check('two requests on one connection, also after HEAD, 204 and 304', async () => {
    const { stdout } = await good(
      ['-I', '-o', '/dev/null', url('/chunked?n=10'), '-o', '/dev/null', url('/bytes?n=10'), '--next', ...base,
        '-w', '%{http_code} %{num_connects} ', '-o', '/dev/null', url('/no-content'), '-o', '/dev/null', url('/not-modified'),
        '-o', 'last', url('/bytes?n=1000')]);
    assert.match(String(stdout), /^204 [01] 304 0 200 0 $/);
    assert.deepEqual(await readFile(join(folder, 'last')), pattern(1000));
  });

  await stage.check('HEAD: the fields of GET, no body', async () => {
    const { stdout } = await good(['-I', url('/bytes?n=123456')]);
    const [head, ...rest] = heads(stdout);
    assert.equal(head[0], 'HTTP/1.1 200 OK');
    assert.deepEqual(field(head, 'Content-Length'), ['123456']);
    assert.deepEqual(field(head, 'X-Digest'), [sha256(pattern(123_456))]);
    assert.deepEqual(rest, []);
    assert.equal(last().method, 'HEAD');
  });

  await stage.check('the request target arrives byte for byte', async () => {
    const target = '/a/../b//c/./%2F%41%zz;p=1?x=%7e&y=|%20+&&z=%E2%82%AC#'.slice(0, -1);
    const { stdout } = await good(['--path-as-is', '-g', url(target)]);
    assert.equal(JSON.parse(stdout).url, target);
    // Asterisk form is answered, whoever does it.
    const star = await good(['-X', 'OPTIONS', '--request-target', '*', url('/'), '-o', '/dev/null', '-w', '%{http_code}']);
    assert.match(String(star.stdout), /^[24]/);
  });

  await stage.check('request fields: order, repetition, Latin-1 bytes; none of the connection is passed on', async () => {
    await good([url('/'), '-H', 'X-A: 1', '-H', 'X-B: caf\u00e9', '-H', 'X-A: 2', '-H', 'X-Empty;', '-H', 'X-Hop: mine',
      '-H', 'Connection: X-Hop', '-H', 'TE: trailers']);
    const { rawHeaders } = last();
    const values = name => rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1].toLowerCase() === name);
    // One line or two, but in this order.
    assert.equal(values('x-a').join(', '), '1, 2');
    // The terminal's UTF-8, as node shows bytes.
    assert.deepEqual(values('x-b'), [Buffer.from('caf\u00e9').toString('latin1')]);
    assert.deepEqual(values('x-empty'), ['']);
    if (stage.direct) return;
    assert.deepEqual(values('x-hop'), []);
    assert.ok(!values('connection').join().toLowerCase().includes('x-hop'));
  });

  await stage.check('response fields: order, repetition, Latin-1 bytes, empty values', async () => {
    await good([url('/fields'), '-D', 'head']);
    const [head] = heads(await readFile(join(folder, 'head'), 'latin1'));
    assert.deepEqual(field(head, 'Set-Cookie'), ['a=1; Path=/', 'b=2; Secure', 'a=3']);
    assert.deepEqual(field(head, 'X-Latin'), ['caf\u00e9']);
    assert.deepEqual(field(head, 'X-Empty'), ['']);
    if (!stage.direct) assert.deepEqual(field(head, 'X-Hop'), []);
  });

  await stage.check('--compressed: the coded body passes as it is', async () => {
    const { stdout } = await good(['--compressed', url('/gzip?n=200000&seed=8')]);
    assert.equal(sha256(stdout), sha256(pattern(200_000, 8)));
    assert.match(last().headers['accept-encoding'], /gzip/);
  });

  await stage.check('Expect: 100-continue: the application says 100, then 2 MiB follow', async () => {
    const body = pattern(2 * MiB, 9);
    const { stdout, stderr } = await good(
      ['-v', '--expect100-timeout', '50', '-H', 'Expect: 100-continue', url('/accept'), '--data-binary', '@-'], { input: body });
    assert.deepEqual(JSON.parse(stdout), { length: body.length, sha256: sha256(body) });
    assert.equal(last().headers.expect, '100-continue');
    assert.match(stderr, /^< HTTP\/1\.1 100 Continue\r?\n< X-Decided-By: application\r?$/m);
    assert.equal(stderr.match(/^< HTTP\/1\.1 100/mg).length, 1);
  });

  await stage.check('Expect: 100-continue: the application says 417, and no byte of the body is sent', async () => {
    const { stdout, stderr } = await good(
      ['-v', '--expect100-timeout', '50', '-H', 'Expect: 100-continue', url('/refuse'), '--data-binary', '@-',
        '-w', '%{http_code} %{size_upload}'], { input: pattern(2 * MiB) });
    assert.equal(String(stdout), 'not today\n417 0');
    assert.equal(last().headers.expect, '100-continue');
    assert.doesNotMatch(stderr, /^< HTTP\/1\.1 100/m);
  });

  await stage.check('Expect: 100-continue with a chunked body from a pipe', async () => {
    const body = pattern(3 * MiB, 10);
    const { stdout } = await good(
      ['--expect100-timeout', '50', '-H', 'Expect: 100-continue', '-X', 'POST', '-T', '-', url('/accept')], { input: body });
    assert.deepEqual(JSON.parse(stdout), { length: body.length, sha256: sha256(body) });
    assert.equal(last().headers['transfer-encoding'], 'chunked');
  });

  await stage.check('chunked upload from a pipe', async () => {
    const body = pattern(5 * MiB + 17, 11);
    const { stdout } = await good(['-H', 'Expect:', '-T', '-', url('/digest')], { input: body });
    assert.deepEqual(JSON.parse(stdout), { length: body.length, sha256: sha256(body) });
    assert.equal(last().method, 'PUT');
    assert.equal(last().headers['transfer-encoding'], 'chunked');
    assert.equal(last().headers['content-length'], undefined);
  });

  // Each piece comes back before the next one is given, so nothing on the way waits for more.
  const pieceByPiece = protocol => async () => {
    const target = protocol ? `http://${proxy.h2c}/echo` : url('/echo');
    const child = start('curl', [...base, ...(protocol ?? []), '-N', '-H', 'Expect:', '-X', 'POST', '-T', '.', target]);
    const out = new Queue();
    child.stdout.on('data', piece => out.put(piece));
    child.stderr.resume();
    stage.atEndOfCheck(() => child.kill());
    for (let i = 0; i < 20; i++) {
      const piece = `piece ${i}\n`;
      child.stdin.write(piece);
      let seen = '';
      while (seen.length < piece.length) seen += await out.take();
      assert.equal(seen, piece);
    }
    child.stdin.end();
    assert.equal((await child.ended).code, 0);
  };
  await stage.check('chunked both ways: each piece is back before the next is sent', pieceByPiece());

  await stage.check('an answer before the end of the upload', async () => {
    const { stdout } = await curl(
      ['-H', 'Expect:', '--data-binary', '@-', url('/early'), '-w', '%{http_code}'], { input: pattern(64 * MiB) });
    assert.equal(String(stdout), 'too large\n413');
    await good([url('/bytes?n=10')]);
  });

  await stage.check('form upload in parts', async () => {
    await writeFile(join(folder, 'part'), pattern(300_000, 12));
    const { stdout } = await good(['-H', 'Expect:', '-F', 'name=value', '-F', 'file=@part', url('/echo')]);
    assert.ok(stdout.includes(pattern(300_000, 12)));
    assert.match(last().headers['content-type'], /^multipart\/form-data; boundary=/);
  });

  const parallel = (protocol, prefix) => async () => {
    const targets = [];
    // 'immediate': left to itself, curl 7.88 waits for the first connection in order to share it, and breaks its framing.
    for (let i = 0; i < 20; i++) targets.push('-o', `parallel-${i}`, `${prefix()}/bytes?n=${8 * MiB}&seed=${100 + i}`);
    const { stdout } = await good([...protocol, '--parallel', '--parallel-immediate', '--parallel-max', '20', '-w', '%{http_code} %{size_download}\\n', ...targets]);
    assert.deepEqual(String(stdout).trim().split('\n'), Array(20).fill(`200 ${8 * MiB}`));
    for (let i = 0; i < 20; i++)
      assert.equal(sha256(await readFile(join(folder, `parallel-${i}`))), sha256(pattern(8 * MiB, 100 + i)), `download ${i}`);
  };
  await stage.check('20 parallel downloads of 8 MiB', parallel([], () => url('')));

  await stage.check('a broken download is resumed', async () => {
    const body = pattern(MiB, 13);
    await writeFile(join(folder, 'resumed'), body.subarray(0, 400_000));
    const { stdout } = await good(['-C', '-', '-o', 'resumed', url(`/bytes?n=${MiB}&seed=13`), '-D', 'head', '-w', '%{http_code} %{size_download}']);
    assert.equal(String(stdout), `206 ${MiB - 400_000}`);
    assert.deepEqual(await readFile(join(folder, 'resumed')), body);
    const [head] = heads(await readFile(join(folder, 'head')));
    assert.deepEqual(field(head, 'Content-Range'), [`bytes 400000-${MiB - 1}/${MiB}`]);
  });

  await stage.check('ranges: the middle, the end, beyond the end', async () => {
    const body = pattern(100_000, 14), target = url('/bytes?n=100000&seed=14');
    assert.deepEqual((await good(['-r', '1000-1999', target])).stdout, body.subarray(1000, 2000));
    assert.deepEqual((await good(['-r', '-500', target])).stdout, body.subarray(-500));
    const beyond = await good(['-r', '200000-200001', target, '-w', '%{http_code}', '-D', 'head']);
    assert.equal(String(beyond.stdout), '416');
    assert.deepEqual(field(heads(await readFile(join(folder, 'head')))[0], 'Content-Range'), ['bytes */100000']);
  });

  await stage.check('HTTP/1.1 response trailers', async () => {
    const { stdout } = await good([url('/trailers?n=100000&seed=15'), '-H', 'TE: trailers', '-D', 'head']);
    const body = pattern(100_000, 15);
    assert.equal(sha256(stdout), sha256(body));
    const text = await readFile(join(folder, 'head'), 'latin1');
    const [head] = heads(text);
    assert.deepEqual(field(head, 'Trailer'), ['X-Digest, X-Length']);
    assert.deepEqual(text.split('\r\n\r\n')[1].trim().split('\r\n'), [`X-Digest: ${sha256(body)}`, 'X-Length: 100000']);
  });

  await stage.check('103 and 102 before the answer', async () => {
    const { stdout } = await good(['-D', 'head', url('/hints')]);
    assert.equal(String(stdout), 'after the hints\n');
    const all = heads(await readFile(join(folder, 'head')));
    assert.deepEqual(all.map(head => head[0]),
      ['HTTP/1.1 103 Early Hints', 'HTTP/1.1 102 Processing', 'HTTP/1.1 103 Early Hints', 'HTTP/1.1 200 OK']);
    assert.deepEqual(field(all[0], 'Link'), ['</style.css>; rel=preload; as=style, </script.js>; rel=preload']);
    assert.deepEqual(field(all[2], 'Link'), ['</last.css>; rel=preload']);
  });

  await stage.check('an offered upgrade to h2c is left alone: HTTP/1.1', async () => {
    const { stdout } = await good(['--http2', url('/'), '-w', ' %{http_version}']);
    const [, body, version] = /^(.*) (\S+)$/s.exec(String(stdout));
    assert.equal(version, '1.1');
    if (!stage.direct) assert.doesNotMatch(body, /upgrade|http2-settings/i);
  });

  // --- HTTP/2 -------------------------------------------------------------------------------------------------------

  const h2 = ['--http2-prior-knowledge'];
  const h2url = target => `http://${proxy.h2c}${target}`;

  await stage.proxied('h2c: GET, HEAD and 204', async () => {
    const { stdout } = await good([...h2, h2url('/chunked?n=300000&seed=16'), '-D', 'head']);
    assert.equal(sha256(stdout), sha256(pattern(300_000, 16)));
    assert.match(String(await readFile(join(folder, 'head'))), /^HTTP\/2 200 \r\n/);
    const [head] = heads((await good([...h2, '-I', h2url('/bytes?n=5000')])).stdout);
    assert.deepEqual(field(head, 'Content-Length'), ['5000']);
    assert.equal(String((await good([...h2, h2url('/no-content'), '-w', '%{http_code}'])).stdout), '204');
  });

  await stage.proxied('h2c: POST with a length, and from a pipe', async () => {
    const body = pattern(5 * MiB, 17);
    const posted = await good([...h2, h2url('/digest'), '--data-binary', '@-'], { input: body });
    assert.deepEqual(JSON.parse(posted.stdout), { length: body.length, sha256: sha256(body) });
    assert.equal(last().headers['content-length'], String(body.length));
    const piped = await good([...h2, h2url('/digest'), '-T', '-'], { input: body });
    assert.deepEqual(JSON.parse(piped.stdout), { length: body.length, sha256: sha256(body) });
    assert.equal(last().headers['transfer-encoding'], 'chunked');
  });

  await stage.proxied('h2c: each piece is back before the next is sent', pieceByPiece(h2));
  await stage.proxied('h2c: 20 parallel downloads of 8 MiB', parallel(h2, () => h2url('')));

  await stage.proxied('h2c: response trailers', async () => {
    const { stdout } = await good([...h2, h2url('/trailers?n=100000&seed=18'), '-D', 'head']);
    const body = pattern(100_000, 18);
    assert.equal(sha256(stdout), sha256(body));
    const text = await readFile(join(folder, 'head'), 'latin1');
    assert.deepEqual(text.split('\r\n\r\n')[1].trim().split('\r\n'), [`x-digest: ${sha256(body)}`, 'x-length: 100000']);
  });

  await stage.proxied('h2c: the request target and the cookie crumbs', async () => {
    const target = '/a/../b//c/%2F%41%zz?x=%7e&y=|';
    await good([...h2, '--path-as-is', '-g', h2url(target), '-b', 'a=1; b=2', '-H', 'X-A: 1', '-H', 'X-A: 2']);
    assert.equal(last().url, target);
    assert.equal(last().headers.cookie, 'a=1; b=2');
    assert.equal(last().headers.host, proxy.h2c);
    assert.equal(last().headers['x-a'], '1, 2');
  });
}
