// The access log under load: a line for each request that is counted, or a counter that says how many have none.
import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { run } from '../../harness/processes.mjs';
import { storm } from '../harness/storm.mjs';

const REQUESTS = 60_000;
const HOSTILE = 2000;
/** Reasons of which Kestrel refuses a head by itself; no request of these comes as far as to be refused by the proxy for one of them. */
const KESTRELS = ['head', 'head_size', 'head_timeout', 'line_size', 'version'];

export default async function suite(stage) {
  const file = join(await stage.folder(), 'access.log');
  const proxy = await stage.proxy(await stage.enclaves('a', 'b'), { AccessLog: { Mode: 'all', Sink: 'file', Path: file } });
  let metrics;

  await stage.check('as many requests as the machine can', async () => {
    // Not beside each other: the first is to be as fast as it goes.
    const { code, stdout } = await run('h2load', ['--h1', '-n', String(REQUESTS), '-c', '64', '-t', '1', `http://127.0.0.1:${proxy.port}/bytes/100`]);
    const text = stdout.toString();
    console.log(`# ${/^finished in .*$/m.exec(text)?.[0]}`);
    assert.equal(code, 0);
    assert.match(text, new RegExp(`status codes: ${REQUESTS} 2xx`));
    const { answered } = await storm(proxy.port, HOSTILE);
    assert.equal(answered, HOSTILE);
  });
  await stage.check('lines that were written and lines that were dropped are the requests that were counted', async () => {
    // What Kestrel refuses never was a request that could have been forwarded.
    const requests = now => now.sum('parentproxy_requests_total') + KESTRELS.reduce((sum, reason) => sum + now.sum('parentproxy_requests_refused_total', { reason }), 0);
    const lines = now => now.sum('parentproxy_access_log_lines_total') + now.sum('parentproxy_access_log_dropped_total');
    metrics = await proxy.until(now => now.sum('parentproxy_requests_in_flight') === 0 && lines(now) >= requests(now));
    console.log(`# ${requests(metrics)} requests, ${metrics.sum('parentproxy_access_log_lines_total')} lines, ${metrics.sum('parentproxy_access_log_dropped_total')} dropped`);
    assert.ok(requests(metrics) > REQUESTS);
    assert.equal(lines(metrics), requests(metrics));
  });
  await stage.check('every line of the file is a JSON object, and their number is the counter\'s', async () => {
    const ids = new Set(), codes = {};
    const refused = {};
    let count = 0, ours = 0;
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      const entry = JSON.parse(line);
      assert.equal(entry.type, 'access', line);
      assert.ok(Number.isInteger(entry.status) && entry.requestId.length > 0 && entry.durationMs >= 0, line);
      count++;
      if (entry.detail && !entry.tunnel) refused[entry.failure] = (refused[entry.failure] ?? 0) + 1;
      if (entry.enclave === 'none' && KESTRELS.includes(entry.failure)) continue;
      codes[`${entry.enclave} ${entry.status}`] = (codes[`${entry.enclave} ${entry.status}`] ?? 0) + 1;
      if (entry.path !== '/bytes/100') continue;
      ours++;
      ids.add(entry.requestId);
    }
    assert.equal(count, metrics.sum('parentproxy_access_log_lines_total'));
    assert.equal(ids.size, ours, 'a request has two lines');
    if (metrics.sum('parentproxy_access_log_dropped_total') === 0) {
      assert.equal(ours, REQUESTS);
      assert.deepEqual(Object.fromEntries(Object.entries(codes).sort()), metrics.sumBy('parentproxy_requests_total', ['enclave', 'code']));
      assert.deepEqual(Object.fromEntries(Object.entries(refused).sort()), metrics.sumBy('parentproxy_requests_refused_total', ['reason']));
    }
  });
}
