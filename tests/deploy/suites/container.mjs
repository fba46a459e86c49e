import assert from 'node:assert/strict';
import { chmod, copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { run } from '../../harness/processes.mjs';
import { freePort } from '../../harness/ports.mjs';
import { succeed, until } from '../harness/commands.mjs';
import { path } from '../harness/repository.mjs';

const TAG = 'localhost/parent-proxy:suite';
const USER = '65532';
const EPERM = 1;
const PIPES = { stdio: ['ignore', 'pipe', 'pipe'] };

/** Tells whether a socket of a family may be made: prints 0 or the errno. Nothing is connected. */
const SOCKET = `
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
int main(int count, char **arguments)
{
    int made = count == 2 ? socket(atoi(arguments[1]), SOCK_STREAM, 0) : -1;
    printf("%d\\n", made < 0 ? errno : 0);
    return 0;
}
`;

export default async function container(stage) {
  const reason = await whyNot(stage);
  if (reason) {
    stage.skip('the image is built and serves', reason);
    return;
  }
  const folder = await stage.folder();
  const buildah = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
  const build = (command, ...args) => succeed('buildah', [...buildah, command, ...args]);
  let root, made;

  await stage.checkWith(['shellcheck'], 'shellcheck finds nothing in the script that builds', () =>
    succeed('shellcheck', [path('deploy/container/build')]));

  await stage.check('the image is built, without a registry', async () => {
    await succeed(path('deploy/container/build'), [process.env.PARENT_PROXY, TAG],
      { env: { ...process.env, BUILDER: `buildah ${buildah.join(' ')} bud --isolation chroot` } });
    made = (await build('from', '--security-opt', `seccomp=${path('deploy/container/seccomp.json')}`, TAG)).trim().split('\n').at(-1);
    root = (await build('mount', made)).trim();
  });

  await stage.check('it holds the program, the libraries that it loads, and no other program', async () => {
    const files = (await readdir(root, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())
      .map(entry => relative(root, join(entry.path, entry.name)));
    const others = files.filter(name => !/(^|\/)(lib(c|m|ssl|crypto)\.so\.[0-9.]+|ld-linux[^/]*\.so\.\d)$/.test(name));
    assert.deepEqual(others.filter(name => !/ca-certificates\.crt$/.test(name)).sort(), ['etc/group', 'etc/passwd', 'usr/bin/parent-proxy']);
    const sizes = await Promise.all(files.map(async name => (await stat(join(root, name))).size));
    stage.saw(`${(sizes.reduce((sum, size) => sum + size, 0) / 1e6).toFixed(1)} MB in ${files.length} files`);
  });

  await stage.check('it runs as a user by number, who owns nothing in it', async () => {
    const { OCIv1: { config } } = JSON.parse(await build('inspect', '--type', 'image', TAG));
    assert.equal(config.User, `${USER}:${USER}`);
    assert.deepEqual(config.Entrypoint, ['/usr/bin/parent-proxy']);
    assert.deepEqual(config.Cmd, ['run']);
    assert.equal(await succeed('find', [root, '-uid', USER]), '');
  });

  const [publicPort, tlsPort, adminPort] = [await freePort(), await freePort(), await freePort()];
  let container, program;
  const simulator = stage.start('simulator', ['--listen', 'tcp://127.0.0.1:0', '--name', 'inside'], PIPES);

  await stage.check('it serves in front of an enclave, over HTTP and HTTPS, without a capability, under the seccomp profile', async () => {
    const enclavePort = (await until(() => /listening on tcp:\/\/127\.0\.0\.1:(\d+)/.exec(simulator.said())))[1];
    const settings = join(folder, 'settings');
    await succeed('mkdir', [settings]);
    await succeed('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
      '-subj', '/CN=localhost', '-keyout', join(settings, 'key.pem'), '-out', join(settings, 'cert.pem')]);
    await chmod(join(settings, 'key.pem'), 0o644);
    await writeFile(join(settings, 'appsettings.json'), JSON.stringify({
      Enclaves: [{ Id: '0', Transport: 'tcp', TcpHost: 'localhost', Port: Number(enclavePort) }],
      Kestrel: { Endpoints: {
        Http: { Url: `http://127.0.0.1:${publicPort}` },
        Https: {
          Url: `https://127.0.0.1:${tlsPort}`,
          Certificate: { Path: '/etc/parent-proxy/cert.pem', KeyPath: '/etc/parent-proxy/key.pem' },
        },
      } },
      Admin: { Url: `http://127.0.0.1:${adminPort}` },
      Timeouts: { DrainDelay: '00:00:00' },
    }));
    // The only folder that is everybody's: as with --read-only, nothing can be written then.
    await chmod(join(root, 'tmp'), 0o755);
    container = stage.start('buildah', [...buildah, 'run', '--isolation', 'chroot', '--cap-drop', 'ALL',
      '--volume', `${settings}:/etc/parent-proxy:ro`, made, '--', '/usr/bin/parent-proxy', 'run'], PIPES);
    await Promise.race([
      until(() => /First round of probes: healthy/.test(container.said())),
      container.ended.then(({ code }) => { throw new Error(`it ended with ${code}: ${container.said()}`); }),
    ]);
    for (const url of [`http://127.0.0.1:${publicPort}/echo`, `https://127.0.0.1:${tlsPort}/echo`])
      assert.match(await succeed('curl', ['-sSk', '--max-time', '20', '--fail', url]), /"enclave":"inside"/);
  });

  await stage.check('it is nobody there: no capability, and a filter of system calls', async () => {
    program = await processOf(container.pid, '/usr/bin/parent-proxy');
    const status = Object.fromEntries((await readFile(`/proc/${program}/status`, 'utf8')).split('\n').map(line => line.split(/:\s+/)));
    assert.deepEqual(status.Uid.split('\t'), [USER, USER, USER, USER]);
    for (const set of ['CapEff', 'CapPrm', 'CapInh', 'CapAmb']) assert.match(status[set], /^0+$/, set);
    assert.equal(status.Seccomp, '2');
  });

  await stage.check('SIGTERM ends it with exit code 0', async () => {
    process.kill(program, 'SIGTERM');
    const { code } = await container.ended;
    assert.equal(code, 0, container.said());
    assert.match(container.said(), /Stopped: every request in flight was finished/);
  });

  await stage.check('the profile lets a vsock be made, and no packet socket', async () => {
    await writeFile(join(folder, 'socket.c'), SOCKET);
    await succeed('clang', ['-static', '-o', join(folder, 'socket'), join(folder, 'socket.c')]);
    await copyFile(join(folder, 'socket'), join(root, 'socket'));
    const errno = async family =>
      Number(await build('run', '--isolation', 'chroot', '--cap-drop', 'ALL', made, '--', '/socket', String(family)));
    assert.notEqual(await errno(40), EPERM);
    assert.equal(await errno(17), EPERM);
  });
}

async function whyNot(stage) {
  if (process.getuid() !== 0) return 'not root';
  if (stage.missing(['buildah', 'clang']).length > 0 && !process.env.CI) return 'no buildah or no clang here';
  const { stdout } = await run('ldd', [process.env.PARENT_PROXY]);
  return /libstdc\+\+/.test(String(stdout)) ? 'PARENT_PROXY is no native file' : undefined;
}

/** The process below another one that runs an executable. */
async function processOf(ancestor, executable) {
  // A child is its thread's.
  const children = async process => (await Promise.all((await readdir(`/proc/${process}/task`))
    .map(async thread => (await readFile(`/proc/${process}/task/${thread}/children`, 'utf8')).trim().split(' ')))).flat().filter(Boolean);
  for (const waiting = [String(ancestor)]; waiting.length > 0;) {
    const process = waiting.pop();
    if ((await readFile(`/proc/${process}/cmdline`, 'utf8')).startsWith(`${executable}\0`)) return Number(process);
    waiting.push(...await children(process));
  }
  throw new Error(`no process below ${ancestor} runs ${executable}`);
}
