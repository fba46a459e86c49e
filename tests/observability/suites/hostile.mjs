// Whatever clients send, the number of series stays, and nothing that they sent is found in them.
import assert from 'node:assert/strict';
import { Client } from '../harness/client.mjs';
import { promtool } from '../harness/promtool.mjs';
import { BROKEN, MARK, METHODS, PATHS, storm } from '../harness/storm.mjs';

const REQUESTS = 10_000;
const EXCEPTIONS = /^dotnet_exceptions_total.*"[A-Za-z]+Exception"/;
const MOST_EXCEPTIONS = 20;

export default async function suite(stage) {
  // A probe that takes long on a busy machine would bring a series of its own.
  const proxy = await stage.proxy(await stage.enclaves('a'), { Health: { Probe: { Timeout: '00:00:30' } } });

  // One of each legal kind, by the proxy's own words for methods, versions and codes; and a share of what follows.
  await stage.check('one request of each kind', async () => {
    const client = new Client(proxy.port);
    for (const method of METHODS)
      for (const path of PATHS)
        for (const version of ['1.1', '1.0'])
          await client.request(`${method} ${path} HTTP/${version}\r\nHost: a\r\nConnection: ${version === '1.1' ? 'keep-alive' : 'close'}\r\nContent-Length: 0\r\n\r\n`);
    client.close();
    for (let i = 0; i < BROKEN.length; i++) {
      await client.request(BROKEN[i]());
      client.close();
    }
    await storm(proxy.port, 1000);
    // The runtime's own appear when it first happens that garbage is collected, a lock is waited for, a connection ends.
    await proxy.until(metrics => metrics.select('dotnet_gc_last_collection_heap_size_bytes').length > 0);
  });

  const before = await proxy.metrics();
  await stage.check(`${REQUESTS} requests of other kinds are answered`, async () => {
    const { answered, codes } = await storm(proxy.port, REQUESTS);
    console.log(`# answers: ${JSON.stringify(codes)}`);
    assert.equal(answered, REQUESTS);
    assert.ok(codes[200] > REQUESTS / 10 && codes[404] > REQUESTS / 10 && codes[400] > 0, JSON.stringify(codes));
  });
  await stage.check('there are the series of before, and no others', async () => {
    const after = await proxy.metrics();
    const [known, now] = [new Set(before.series()), new Set(after.series())];
    console.log(`# series: ${known.size} before, ${now.size} after`);
    assert.equal(now.size, after.series().length, 'a series is told twice');
    // Which exceptions of the program a connection's end throws is a matter of its moment; a client cannot make one up.
    const types = [...now].filter(series => EXCEPTIONS.test(series));
    assert.ok(types.length <= MOST_EXCEPTIONS, types.join(', '));
    for (const type of types) {
      known.delete(type);
      now.delete(type);
    }
    assert.deepEqual({ added: [...now].filter(series => !known.has(series)), gone: [...known].filter(series => !now.has(series)) }, { added: [], gone: [] });
  });
  await stage.check('what was refused is counted by reason', async () => {
    const reasons = (await proxy.metrics()).sumBy('parentproxy_requests_refused_total', ['reason']);
    console.log(`# refused: ${JSON.stringify(reasons)}`);
    for (const reason of ['head', 'version', 'framing', 'target', 'body'])
      assert.ok(reasons[reason] > 0, `nothing is counted as ${reason}`);
  });
  await stage.check('promtool check metrics is silent', async () => assert.equal(await promtool(['check', 'metrics'], await proxy.scrape()), ''));
  for (const [format, accept] of [['the text format', ''], ['OpenMetrics', 'application/openmetrics-text; version=1.0.0']])
    await stage.check(`nothing of what clients sent is found in ${format}`, async () => {
      const text = await proxy.scrape(accept);
      assert.ok(text.includes('parentproxy_requests_total'));
      assert.ok(!text.toLowerCase().includes(MARK), text.split('\n').find(line => line.toLowerCase().includes(MARK)));
    });
}
