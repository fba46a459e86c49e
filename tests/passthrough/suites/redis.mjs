// Redis: many small commands, pipelines, large values, messages that the server begins.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pattern, sha256 } from '../../harness/bytes.mjs';
import { run, start } from '../../harness/processes.mjs';
import { until } from '../../harness/waiting.mjs';

const PACKAGES = { 'redis-server': 'redis-server', 'redis-tools': 'redis-cli' };
const COMMANDS = 20_000;

export default async function redisSuite(stage) {
  let path, port;

  await stage.checkWith(PACKAGES, 'Redis starts, and answers through the proxy', async () => {
    const folder = await stage.folder();
    path = join(folder, 'redis.sock');
    const server = stage.start('redis-server', ['--port', '0', '--unixsocket', path, '--dir', folder, '--save', '', '--appendonly', 'no'],
      { stdio: ['ignore', 'pipe', 'pipe'] });
    await until(() => /eady to accept connections/.test(server.said()), { patience: 20_000, otherwise: server.said });
    [port] = (await stage.proxy([{ To: `unix:${path}` }])).ports;
    assert.equal(await cli(['PING']), 'PONG\n');
  });
  if (!port) return;

  async function cli(args, input) {
    const { code, stdout, stderr } = await run('redis-cli', ['-p', port, ...args], { input });
    assert.equal(code, 0, stderr);
    return String(stdout);
  }

  await stage.check('a value of 64 MiB, up and down', async () => {
    const value = pattern(64 * 1024 * 1024, 3);
    assert.equal(await cli(['-x', 'SET', 'large'], value), 'OK\n');
    const { stdout } = await run('redis-cli', ['-p', port, '--raw', 'GET', 'large']);
    // The last byte is a line feed of redis-cli.
    assert.equal(sha256(stdout.subarray(0, -1)), sha256(value));
    assert.equal(await cli(['STRLEN', 'large']), '67108864\n');
  });

  await stage.check('published messages reach a subscriber that sends nothing', async () => {
    const subscriber = start('redis-cli', ['-p', port, '--csv', 'SUBSCRIBE', 'news'], { stdio: ['ignore', 'pipe', 'pipe'] });
    stage.atEndOfCheck(() => subscriber.kill());
    let said = '';
    subscriber.stdout.on('data', text => { said += text; });
    await until(() => /"subscribe","news",1/.test(said));
    for (let i = 0; i < 20; i++) assert.equal(await cli(['PUBLISH', 'news', `message ${i}`]), '1\n');
    await until(() => /"message 19"/.test(said));
    assert.equal(said.match(/"message","news"/g).length, 20);
  });

  for (const pipeline of [1, 16]) {
    await stage.check(`redis-benchmark: ${COMMANDS} commands each, 50 connections, ${pipeline} at a time`, async () => {
      const { code, stdout, stderr } = await run('redis-benchmark',
        ['-p', port, '-n', COMMANDS, '-c', 50, '-P', pipeline, '-q', '-t', 'set,get,incr,lpush,mset', '-r', 1000]);
      assert.equal(code, 0, stderr);
      const lines = String(stdout).split(/[\r\n]+/).filter(line => /requests per second/.test(line)).map(line => line.trim());
      assert.equal(lines.length, 5, String(stdout));
      assert.doesNotMatch(String(stdout) + stderr, /error/i);
      for (const line of lines) stage.saw(line);
    });
  }

  await stage.check('redis-benchmark: a new connection for each command', async () => {
    const { code, stdout, stderr } = await run('redis-benchmark', ['-p', port, '-n', 3000, '-c', 20, '-k', 0, '-q', '-t', 'set']);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(String(stdout) + stderr, /error/i);
    stage.saw(String(stdout).split(/[\r\n]+/).filter(line => /requests per second/.test(line)).at(-1).trim());
  });
}
