import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Proxy } from '../../harness/proxy.mjs';
import { run } from '../../harness/processes.mjs';
import { succeed, until } from '../harness/commands.mjs';
import { path } from '../harness/repository.mjs';

const NAME = 'proof-server';

export default async function enclave(stage) {
  await stage.checkWith(['shellcheck'], 'shellcheck finds nothing in the script of the unit', () =>
    succeed('shellcheck', [path('deploy/enclave/nitro-enclave')]));

  await stage.checkWith({ systemd: 'systemd-analyze' }, 'systemd finds nothing wrong with the unit', async () => {
    const root = await stage.folder();
    await succeed('mkdir', ['-p', join(root, 'lib/systemd'), join(root, 'usr/lib/parent-proxy'), join(root, 'etc')]);
    await succeed('cp', ['-r', '/lib/systemd/system', join(root, 'lib/systemd/')]);
    await copyFile(path('deploy/enclave/enclave@.service'), join(root, 'lib/systemd/system/enclave@.service'));
    await copyFile(path('deploy/enclave/nitro-enclave'), join(root, 'usr/lib/parent-proxy/nitro-enclave'));
    await writeFile(join(root, 'lib/systemd/system/nitro-enclaves-allocator.service'),
      '[Service]\nExecStart=/usr/lib/parent-proxy/nitro-enclave\n');
    const { code, stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', '--root', root, `enclave@${NAME}.service`]);
    assert.deepEqual([code, `${stdout}${stderr}`], [0, '']);
  });

  const folder = await stage.folder();
  const [enclaves, runtime, configuration] = ['enclaves', 'run', 'enclave.json'].map(name => join(folder, name));
  await mkdir(enclaves);
  await mkdir(runtime);
  const describe = name =>
    writeFile(configuration, JSON.stringify({ enclave_name: name, eif_path: '/x.eif', cpu_count: 2, memory_mib: 512 }, null, 2));
  await describe(NAME);

  const simulator = stage.start('simulator', ['--listen', 'tcp://127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const port = (await until(() => /listening on tcp:\/\/127\.0\.0\.1:(\d+)/.exec(simulator.said())))[1];
  const proxy = await Proxy.start(folder, {
    // Another enclave stands before it, and is well: the script must not take one for the other.
    Enclaves: [{ Id: 'a', Name: 'other', Transport: 'tcp', TcpHost: '127.0.0.1', Port: Number(port) },
      { Id: 'b', Name: NAME, Transport: 'tcp', TcpHost: 'localhost', Port: Number(port) }],
    Health: { Probe: { Interval: '00:00:00.200' } },
  });
  stage.atEnd(() => proxy.kill());
  stage.atEnd(async () => { for (const name of await readdir(enclaves)) process.kill((await told(name)).ProcessID); });
  const told = async name => JSON.parse(await readFile(join(enclaves, name), 'utf8'));
  const call = (what, seconds = 20) => run(path('deploy/enclave/nitro-enclave'), [what, NAME], {
    env: {
      PATH: process.env.PATH, LC_ALL: 'C.UTF-8', NITRO_CLI: path('tests/deploy/harness/fake-nitro-cli'), ENCLAVES: enclaves,
      RUNTIME_DIRECTORY: runtime, ENCLAVE_CONFIGURATION: configuration, ENCLAVE_STATES: `${proxy.admin}/enclaves`,
      ENCLAVE_WAIT_SECONDS: String(seconds),
    },
  });
  const succeeds = async (...call_) => {
    const { code, stderr } = await call(...call_);
    assert.equal(code, 0, stderr);
  };

  await stage.check('start: the enclave runs, and its process is that of the unit', async () => {
    await succeeds('start');
    assert.equal(Number(await readFile(join(runtime, 'pid'), 'utf8')), (await told(NAME)).ProcessID);
  });

  await stage.check('wait: until parent-proxy has probed it with success', () => succeeds('wait'));

  await stage.check('start while one of this name runs: that one is ended first, and the name stays', async () => {
    const before = (await told(NAME)).ProcessID;
    await succeeds('start');
    assert.deepEqual(await readdir(enclaves), [NAME]);
    assert.notEqual((await told(NAME)).ProcessID, before);
    await until(() => !isAlive(before));
  });

  await stage.check('wait: an application that does not answer its probe ends the enclave, and says where to look', async () => {
    await succeed('curl', ['-sS', '--fail', `http://127.0.0.1:${port}/control/healthy?value=false`]);
    await until(async () => !/"state": "healthy"/.test(await succeed('curl', ['-sS', `${proxy.admin}/enclaves`])));
    const { code, stderr } = await call('wait', 1);
    assert.equal(code, 1);
    assert.match(stderr, /not healthy 1 s after its start; why: curl /);
    assert.deepEqual(await readdir(enclaves), []);
  });

  await stage.check('wait: an enclave that ends before it answers fails at once', async () => {
    await succeeds('start');
    process.kill((await told(NAME)).ProcessID, 'SIGKILL');
    const { code, stderr } = await call('wait', 100_000);
    assert.equal(code, 1);
    assert.match(stderr, /has ended again/);
    await succeed('curl', ['-sS', '--fail', `http://127.0.0.1:${port}/control/healthy?value=true`]);
  });

  await stage.check('what a probe found before the start does not count', async () => {
    await until(async () => !/"state": "(?!healthy)/.test(await succeed('curl', ['-sS', `${proxy.admin}/enclaves`])));
    await succeeds('start');
    await writeFile(join(runtime, 'started'), '2999-01-01T00:00:00');
    assert.equal((await call('wait', 1)).code, 1);
  });

  await stage.check('stop: by name; and once more, when nothing runs', async () => {
    await succeeds('start');
    await succeeds('stop');
    assert.deepEqual(await readdir(enclaves), []);
    await succeeds('stop');
  });

  await stage.check('a file for another name is refused', async () => {
    await describe('another');
    const { code, stderr } = await call('start');
    assert.equal(code, 78);
    assert.match(stderr, /has no "enclave_name": "proof-server"/);
  });
}

function isAlive(process_) {
  try {
    process.kill(process_, 0);
    return true;
  } catch {
    return false;
  }
}
