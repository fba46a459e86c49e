// What /metrics looks like to those who read it: promtool finds nothing to say, idle and after traffic.
import assert from 'node:assert/strict';
import { Client } from '../harness/client.mjs';
import { promtool } from '../harness/promtool.mjs';

export default async function suite(stage) {
  const enclaves = await stage.enclaves('a', 'b');
  const proxy = await stage.discoveringProxy(enclaves);
  const isClean = async () => assert.equal(await promtool(['check', 'metrics'], await proxy.scrape()), '');

  await stage.check('promtool check metrics is silent before any traffic', isClean);

  const client = new Client(proxy.port);
  for (const path of ['/echo', '/status/404', '/status/500', '/bytes/100000', '/reset'])
    for (const method of ['GET', 'POST', 'BREW'])
      await client.request(`${method} ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
  client.close();
  for (const enclave of enclaves) await enclave.kill();
  await client.request('GET /echo HTTP/1.1\r\nHost: a\r\n\r\n');
  client.close();
  await proxy.until(metrics => metrics.sum('parentproxy_requests_total', { code: '503' }) > 0);
  await stage.check('and silent after all kinds of it', isClean);

  await stage.check('OpenMetrics when asked, with its end', async () => {
    const text = await proxy.scrape('application/openmetrics-text; version=1.0.0');
    assert.match(text, /^# TYPE parentproxy_requests counter$/m);
    assert.ok(text.endsWith('# EOF\n'));
  });
}
