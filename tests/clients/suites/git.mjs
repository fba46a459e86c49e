import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { environment, gitApplication } from '../apps/git.mjs';
import { pattern } from '../../harness/bytes.mjs';
import { run } from '../../harness/processes.mjs';

const MiB = 1024 * 1024;

export default async function gitSuite(stage) {
  const folder = await stage.folder();
  const origin = join(folder, 'origin.git'), seed = join(folder, 'seed'), copy = join(folder, 'copy');

  /** git in a folder; its output, without the last line's end. */
  async function git(cwd, ...args) {
    const { code, stdout, stderr } = await run('git', args, { cwd, env: environment });
    assert.equal(code, 0, `git ${args.join(' ')}: ${stderr}`);
    return String(stdout).trim();
  }

  const backend = join(await git(folder, '--exec-path'), 'git-http-backend');
  const application = gitApplication(folder, backend);
  const proxy = await stage.proxy(await stage.listen(application.server));
  const url = `http://${proxy.http1}/origin.git`;
  const since = async work => {
    const first = application.requests.length;
    await work();
    return application.requests.slice(first);
  };

  // 60 branches: a clone asks for each by name, so that its request is long enough for git to compress it.
  await git(folder, 'init', '-q', '--bare', '-b', 'main', origin);
  await git(origin, 'config', 'http.receivepack', 'true');
  await git(folder, 'init', '-q', '-b', 'main', seed);
  await writeFile(join(seed, 'large'), pattern(3 * MiB, 60));
  await git(seed, 'add', '.');
  await git(seed, 'commit', '-q', '-m', 'first');
  for (let i = 0; i < 60; i++) {
    await git(seed, 'commit', '-q', '--allow-empty', '-m', `branch ${i}`);
    await git(seed, 'branch', `branch-${i}`);
  }
  await git(seed, 'push', '-q', origin, '--all');

  const tips = where => git(where, 'for-each-ref', '--format=%(objectname) %(refname:lstrip=-1)', '--sort=refname', 'refs/heads');

  await stage.check('clone: every branch, every object, over a compressed request', async () => {
    const requests = await since(() => git(folder, 'clone', '-q', '--mirror', url, 'mirror.git'));
    assert.equal(await tips(join(folder, 'mirror.git')), await tips(origin));
    await git(join(folder, 'mirror.git'), 'fsck', '--full', '--strict');
    const fetches = requests.filter(request => request.method === 'POST' && request.path.endsWith('/git-upload-pack'));
    assert.ok(fetches.some(request => request.headers['content-encoding'] === 'gzip'), 'no compressed request');
    assert.ok(requests.every(request => request.headers['git-protocol'] === 'version=2'));
  });

  await stage.check('clone with the first protocol, and of the newest commit alone', async () => {
    await git(folder, '-c', 'protocol.version=0', 'clone', '-q', url, copy);
    assert.equal(await git(copy, 'rev-parse', 'HEAD'), await git(origin, 'rev-parse', 'main'));
    await git(folder, 'clone', '-q', '--depth=1', url, 'shallow');
    assert.equal(await git(join(folder, 'shallow'), 'rev-list', '--count', 'HEAD'), '1');
  });

  await stage.check('push of little: one request with a length', async () => {
    await writeFile(join(copy, 'small'), 'small\n');
    await git(copy, 'add', '.');
    await git(copy, 'commit', '-q', '-m', 'small');
    const requests = await since(() => git(copy, 'push', '-q', 'origin', 'HEAD:main'));
    assert.equal(await git(origin, 'rev-parse', 'main'), await git(copy, 'rev-parse', 'HEAD'));
    const push = requests.find(request => request.path.endsWith('/git-receive-pack') && request.method === 'POST');
    assert.equal(Number(push.headers['content-length']), push.length);
  });

  await stage.check('push of 5 MiB with a small buffer: chunked', async () => {
    await writeFile(join(copy, 'more'), pattern(5 * MiB, 61));
    await git(copy, 'add', '.');
    await git(copy, 'commit', '-q', '-m', 'more');
    const requests = await since(() => git(copy, '-c', 'http.postBuffer=65536', 'push', '-q', 'origin', 'HEAD:main'));
    assert.equal(await git(origin, 'rev-parse', 'main'), await git(copy, 'rev-parse', 'HEAD'));
    await git(origin, 'fsck', '--full', '--strict');
    const push = requests.filter(request => request.path.endsWith('/git-receive-pack') && request.method === 'POST').at(-1);
    assert.equal(push.headers['transfer-encoding'], 'chunked');
    assert.ok(push.length > 5 * MiB, `${push.length} bytes`);
  });

  await stage.check('a push that the hook refuses: its words reach the user, nothing has changed', async () => {
    const hook = join(origin, 'hooks', 'pre-receive');
    await writeFile(hook, '#!/bin/sh\necho "not on a Saturday" >&2\nexit 1\n', { mode: 0o755 });
    const before = await git(origin, 'rev-parse', 'main');
    await git(copy, 'commit', '-q', '--allow-empty', '-m', 'refused');
    const { code, stderr } = await run('git', ['push', 'origin', 'HEAD:main'], { cwd: copy, env: environment });
    assert.notEqual(code, 0);
    assert.match(stderr, /remote: not on a Saturday/);
    assert.equal(await git(origin, 'rev-parse', 'main'), before);
    await writeFile(hook, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  });

  await stage.check('fetch and pull of what is new', async () => {
    await git(seed, 'pull', '-q', '--ff-only', url, 'main');
    assert.equal(await git(seed, 'rev-parse', 'HEAD'), await git(origin, 'rev-parse', 'main'));
    await git(seed, 'fetch', '-q', url, '+refs/heads/*:refs/remotes/proxied/*');
    assert.equal(
      await git(seed, 'for-each-ref', '--format=%(objectname)', '--sort=refname', 'refs/remotes/proxied'),
      await git(origin, 'for-each-ref', '--format=%(objectname)', '--sort=refname', 'refs/heads'));
  });

  await stage.check('10 clones at a time', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, i) => git(folder, 'clone', '-q', url, `clone-${i}`)));
    for (let i = 0; i < 10; i++)
      assert.equal(await git(join(folder, `clone-${i}`), 'rev-parse', 'HEAD'), await git(origin, 'rev-parse', 'main'));
  });

  await stage.check('a repository that is not there: 404 is what git says', async () => {
    const { code, stderr } = await run('git', ['ls-remote', url.replace('origin', 'other')], { cwd: folder, env: environment });
    assert.equal(code, 128);
    assert.match(stderr, /not found/);
  });
}
