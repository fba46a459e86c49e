// The application as a child of PID 1: its end, its signals, its orphans, its user.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../harness/waiting.mjs';

const shell = script => ['sh', '-c', script];

/** A script that says when it is up, and what it does on a signal. */
const trapping = (signal, action) => shell(`trap '${action}' ${signal}; echo it is up; while :; do sleep 0.05; done`);

export default async function applicationSuite(stage) {
  await stage.check('its exit code is the program’s, also when a signal ended it', async () => {
    for (const [script, code] of [['exit 0', 0], ['exit 3', 3], ['kill -SEGV $$', 139], ['kill -9 $$', 137]]) {
      const enclave = await stage.enclave(shell(script));
      assert.equal(await enclave.code(), code, enclave.said());
      stage.saw(`${script}: ${/Application has ended.*/.exec(enclave.said())}`);
    }
  });

  await stage.check('a program that is not there, or cannot be run, is 127 and 126, with the reason', async () => {
    const programs = [['no-such-program', 127, 'ENOENT'], ['/no/such', 127, 'ENOENT'], ['/etc/passwd', 126, 'EACCES']];
    for (const [command, code, errno] of programs) {
      const enclave = await stage.enclave([command], { Application: { Restart: 'Always' } });
      assert.equal(await enclave.code(), code, enclave.said());
      assert.match(enclave.said(), new RegExp(errno));
      stage.saw(/Application \S+ was not started.*/.exec(enclave.said()));
    }
  });

  await stage.check('SIGTERM reaches it once, and its exit code is the program’s', async () => {
    const enclave = await stage.enclave(trapping('TERM', 'echo it came; sleep 0.2; exit 5'));
    await enclave.says('it is up');
    enclave.signal('SIGTERM');
    enclave.signal('SIGTERM');
    assert.equal(await enclave.code(), 5, enclave.said());
    assert.equal(enclave.said().split('it came').length, 2, enclave.said());
  });

  await stage.check('without an application, signals that come until its very end end it in order', async () => {
    for (let i = 0; i < 3; i++) {
      const enclave = await stage.enclave([]);
      await until(() => enclave.get('/health').catch(() => null));
      const { pid } = enclave;
      for (let goesOn = true; goesOn;) {
        try {
          for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.kill(pid, signal);
        } catch {
          goesOn = false; // It has ended.
        }
        await sleep(1);
      }
      assert.equal(await enclave.code(), 0, enclave.said());
    }
  });

  await stage.check('other signals reach it, too, and end nothing', async () => {
    const enclave = await stage.enclave(shell(
      'for s in HUP USR1 USR2 WINCH CONT; do trap "echo came $s" $s; done; trap "exit 9" QUIT; echo it is up; while :; do sleep 0.05; done'));
    await enclave.says('it is up');
    for (const signal of ['HUP', 'USR1', 'USR2', 'WINCH', 'CONT']) {
      enclave.signal(`SIG${signal}`);
      await enclave.says(`came ${signal}`);
    }
    enclave.signal('SIGQUIT');
    assert.equal(await enclave.code(), 9, enclave.said());
  });

  await stage.check('one that ignores SIGTERM is killed after StopTimeout; a later second SIGTERM kills at once', async () => {
    const stubborn = trapping('TERM', 'echo ignored');
    const patient = await stage.enclave(stubborn, { StopTimeout: '00:00:01' });
    const hasty = await stage.enclave(stubborn, { StopTimeout: '00:10:00' });
    await Promise.all([patient.says('it is up'), hasty.says('it is up')]);
    for (const enclave of [patient, hasty]) enclave.signal('SIGTERM');
    await Promise.all([patient.says('ignored'), hasty.says('ignored')]);
    await sleep(1100);
    hasty.signal('SIGTERM');
    for (const enclave of [patient, hasty]) {
      assert.equal(await enclave.code(), 137, enclave.said());
      stage.saw(/Application is ended by SIGKILL.*/.exec(enclave.said()));
    }
  });

  await stage.check('orphans are reaped: 100 of them, and none is a zombie a second later', async () => {
    const enclave = await stage.enclave(shell(
      'i=0; while [ $i -lt 100 ]; do (sleep 0.3 &); i=$((i+1)); done; echo all are made; trap "exit 4" TERM; while :; do sleep 0.5; done'));
    await enclave.says('all are made');
    const most = enclave.processes().length;
    await until(() => enclave.processes().filter(({ parent }) => parent === enclave.pid).length === 1);
    await sleep(1000);
    stage.saw(`${most} processes, then ${enclave.processes().length}: ${enclave.processes().map(({ name, state }) => `${name} ${state}`)}`);
    assert.deepEqual(enclave.zombies(), []);
    enclave.signal('SIGTERM');
    assert.equal(await enclave.code(), 4);
  });

  await stage.check('a storm of 10,000 children loses no exit code, leaves no zombie and ends in rest', async () => {
    const enclave = await stage.enclave(shell(
      'i=0; while [ $i -lt 5000 ]; do (: &); i=$((i+1)); done; echo all are over; trap "exit 42" TERM; while :; do sleep 0.5; done'));
    await enclave.says('Application is ready');
    const before = enclave.cpu();
    await enclave.says('all are over');
    await sleep(1000);
    const storm = enclave.cpu() - before;
    assert.deepEqual(enclave.zombies(), []);
    const rested = enclave.cpu();
    await sleep(2000);
    const rest = enclave.cpu() - rested;
    stage.saw(`the storm cost the program ${storm.toFixed(2)} s, the two seconds after it ${rest.toFixed(2)} s`);
    assert.ok(rest < 0.5, `${rest} s of processor time while nothing happened`);
    enclave.signal('SIGTERM');
    assert.equal(await enclave.code(), 42, enclave.said());
  });

  await stage.check('Restart on-failure: until it succeeds, later each time; a signal meanwhile ends at once', async () => {
    const enclave = await stage.enclave(
      shell('echo x >> count; test $(wc -l < count) -ge 3'), { Application: { Restart: 'OnFailure', RestartDelay: '00:00:00.1' } });
    assert.equal(await enclave.code(), 0, enclave.said());
    assert.equal(readFileSync(join(enclave.folder, 'count'), 'utf8'), 'x\nx\nx\n');
    stage.saw(enclave.said().match(/Application is started again in.*/g).join('; '));

    const waiting = await stage.enclave(shell('exit 8'), { Application: { Restart: 'Always', RestartDelay: '01:00:00' } });
    await waiting.says('started again in');
    const { status, body } = await waiting.get('/health');
    stage.saw(`${status} ${body}`);
    assert.equal(status, 503);
    waiting.signal('SIGTERM');
    assert.equal(await waiting.code(), 8, waiting.said());
  });

  await stage.check('User: it is nobody, with nobody’s home and no capability, and PID 1 stays root', async () => {
    const enclave = await stage.enclave(
      shell('id -un; echo "home $HOME"; grep CapEff /proc/$$/status; echo it is up; while :; do sleep 0.5; done'),
      { Application: { User: 'nobody' } });
    await enclave.says('it is up');
    assert.match(enclave.said(), /nobody\n(.*\n)*home \/nonexistent\n(.*\n)*CapEff:\t0000000000000000\n/);
    assert.match(readFileSync(`/proc/${enclave.pid}/status`, 'utf8'), /\nUid:\t0\t0\t0\t0\n/);
    enclave.signal('SIGTERM');
    assert.equal(await enclave.code(), 143);
  });

  await stage.check('User that does not exist: nothing starts, exit code 78', async () => {
    const enclave = await stage.enclave(shell('echo started'), { Application: { User: 'no-such-user' } });
    assert.equal(await enclave.code(), 78, enclave.said());
    assert.ok(!enclave.said().includes('started\n'));
    stage.saw(/there is no user.*/.exec(enclave.said()));
  });

  await stage.check('without being PID 1: orphans come to it all the same, and none outlives it', async () => {
    const enclave = await stage.enclave(
      shell('(sleep 1000 &); (sh -c "trap : TERM; while :; do sleep 0.05; done" &); (sleep 0.1 &); sleep 0.5; echo it is up; '
        + 'until [ -e go ]; do sleep 0.05; done; exit 3'),
      { StopTimeout: '00:00:01' }, { init: false });
    await enclave.says('it is up');
    const { pid } = enclave;
    await until(() => enclave.zombies().length === 0);
    const orphans = enclave.processes().filter(({ parent }) => parent === pid);
    stage.saw(orphans.map(({ name, state }) => `${name} ${state}`).join(', '));
    assert.equal(orphans.length, 3);
    writeFileSync(join(enclave.folder, 'go'), '');
    assert.equal(await enclave.code(), 3, enclave.said());
    for (const { pid } of orphans) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    stage.saw(enclave.said().match(/.*left.*behind.*/g).join('; '));
  });
}
