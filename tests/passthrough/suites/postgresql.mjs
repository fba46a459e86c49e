// PostgreSQL: TLS that begins in the middle of a connection, large results, COPY both ways, many short connections.
import assert from 'node:assert/strict';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../harness/bytes.mjs';
import { freePort } from '../../harness/ports.mjs';
import { run } from '../../harness/processes.mjs';
import { until } from '../../harness/waiting.mjs';
import { Authority } from '../../harness/certificates.mjs';

const VERSIONS = '/usr/lib/postgresql';

export default async function postgresqlSuite(stage) {
  let unix, tcp, ca;

  const environment = port => ({
    PATH: process.env.PATH, HOME: '/', PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'postgres', PGDATABASE: 'postgres',
  });

  async function command(name, port, mode, args, input) {
    const result = await run(name, args, { input, env: { ...environment(port), PGSSLMODE: mode, PGSSLROOTCERT: ca } });
    assert.equal(result.code, 0, result.stderr);
    return result;
  }

  const psql = async (port, mode, sql) => String((await command('psql', port, mode, ['-X', '-q', '-A', '-t', '-c', sql])).stdout).trim();

  await stage.checkWith({ postgresql: 'pg_ctlcluster' }, 'PostgreSQL starts, and answers through the proxy', async () => {
    const programs = join(VERSIONS, readdirSync(VERSIONS).sort((a, b) => Number(a) - Number(b)).at(-1), 'bin');
    assert.ok(existsSync(join(programs, 'initdb')), `no server in ${programs}`);
    const folder = await stage.sharedFolder(), data = join(folder, 'data');
    const authority = await Authority.create(folder);
    const own = await authority.certificate('enclave.test');
    ca = authority.file;

    // It refuses to be root.
    const id = process.getuid() === 0 ? await userId('postgres') : null;
    const as = (command, args, options) => id
      ? ['setpriv', [`--reuid=${id.uid}`, `--regid=${id.gid}`, '--clear-groups', command, ...args], options]
      : [command, args, options];
    mkdirSync(data, { mode: 0o700 });
    const key = join(folder, 'server.key');
    copyFileSync(own.keyFile, key);
    chmodSync(key, 0o600);
    if (id) for (const path of [folder, data, key]) chownSync(path, id.uid, id.gid);
    const made = await run(...as(join(programs, 'initdb'),
      ['-D', data, '-U', 'postgres', '--auth=trust', '-N', '-E', 'UTF8', '--locale=C'], { cwd: '/' }));
    assert.equal(made.code, 0, made.stderr);

    const port = await freePort();
    const server = stage.start(...as(join(programs, 'postgres'), ['-D', data, '-p', port, '-k', folder, '-c', 'listen_addresses=127.0.0.1',
      '-c', 'fsync=off', '-c', 'ssl=on', '-c', `ssl_cert_file=${own.certFile}`, '-c', `ssl_key_file=${key}`],
    { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] }));
    await until(() => /ready to accept connections/.test(server.said()), { patience: 30_000, otherwise: server.said });
    [unix, tcp] = (await stage.proxy([{ To: `unix:${folder}/.s.PGSQL.${port}` }, { To: `tcp://127.0.0.1:${port}` }])).ports;
    assert.equal(await psql(unix, 'disable', 'select 6 * 7'), '42');
  });
  if (!unix) return;

  await stage.check('sslmode=require over TCP: the server says that TLS is used', async () => {
    const answer = await psql(tcp, 'require', 'select ssl, version from pg_stat_ssl where pid = pg_backend_pid()');
    assert.match(answer, /^t\|TLSv1/);
    stage.saw(answer);
  });

  await stage.check('sslmode=verify-ca: the certificate is that of the enclave', async () => {
    assert.equal(await psql(tcp, 'verify-ca', 'select 1'), '1');
  });

  await stage.check('sslmode=require over a unix socket: PostgreSQL has no TLS there, and says so', async () => {
    const { code, stderr } = await run('psql', ['-X', '-c', 'select 1'], { env: { ...environment(unix), PGSSLMODE: 'require' } });
    assert.equal(code, 2);
    assert.match(stderr, /server does not support SSL/);
    stage.saw(stderr.trim());
  });

  for (const [name, port, mode] of [['a unix socket', () => unix, 'disable'], ['TCP with TLS', () => tcp, 'require']]) {
    await stage.check(`COPY over ${name}: 300,000 rows up and down`, async () => {
      const rows = Array.from({ length: 300_000 }, (_, i) => `${i}\t${'x'.repeat(i % 60)}\n`).join('');
      await psql(port(), mode, 'drop table if exists t; create table t (i int, s text)');
      await command('psql', port(), mode, ['-X', '-q', '-c', 'copy t from stdin'], rows);
      const { stdout } = await command('psql', port(), mode, ['-X', '-q', '-c', 'copy (select * from t order by i) to stdout']);
      assert.equal(sha256(stdout), sha256(Buffer.from(rows)));
      stage.saw(`${stdout.length} bytes`);
    });

    await stage.check(`pgbench over ${name}: 8 clients`, async () => {
      await command('pgbench', port(), mode, ['-i', '-q', '-s', '1']);
      const { stdout } = await command('pgbench', port(), mode, ['-n', '-S', '-c', '8', '-j', '2', '-t', '500']);
      assert.match(String(stdout), /processed: 4000\/4000/);
      assert.match(String(stdout), /failed transactions: 0 /);
      stage.saw(/^tps.*$/m.exec(stdout)[0]);
    });

    await stage.check(`pgbench over ${name}: a new connection for each transaction`, async () => {
      const { stdout } = await command('pgbench', port(), mode, ['-n', '-S', '-C', '-c', '4', '-t', '25']);
      assert.match(String(stdout), /processed: 100\/100/);
      stage.saw(/^tps.*$/m.exec(stdout)[0]);
    });
  }

  await stage.check('a query is cancelled: that is a connection of its own', async () => {
    const { code, stderr } = await run('timeout', ['-s', 'INT', '10', 'psql', '-X', '-c', 'select pg_sleep(60)'],
      { env: { ...environment(unix), PGSSLMODE: 'disable' } });
    assert.notEqual(code, 0);
    assert.match(stderr, /canceling statement due to user request/);
  });
}

async function userId(name) {
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async what => Number(String((await run('id', [what, name])).stdout))));
  return { uid, gid };
}
