// A real Prometheus with the deployed configuration and rules: it scrapes every other second while requests run, and says so
// when the enclaves are gone.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../harness/waiting.mjs';
import { Client } from '../harness/client.mjs';
import { deployed } from '../harness/deployed.mjs';
import { Prometheus } from '../harness/prometheus.mjs';

const SCRAPES = 12;
/** Seconds from scrape to scrape, and how long one may take. */
const INTERVAL = 2;
/** As long as this suite has been running. */
const SINCE = '[1h]';
const NO_ENCLAVE = 'ParentProxyNoHealthyEnclave';

export default async function suite(stage) {
  const enclaves = await stage.enclaves('a', 'b');
  const exporter = await exportingEnclave(stage, 'c');
  const proxy = await stage.proxy([...enclaves, exporter], { Admin: { EnclaveMetricsPath: '/metrics' } });
  const prometheus = await Prometheus.start(await stage.folder(), proxy.admin, { scrape: `${INTERVAL}s`, evaluation: '1s', patience: { [NO_ENCLAVE]: '3s' } });
  stage.atEnd(() => prometheus.kill());

  let isOver = false;
  const load = Array.from({ length: 4 }, () => run(proxy.port, () => isOver));
  stage.atEnd(() => { isOver = true; });

  await stage.check(`it is scraped ${SCRAPES} times while requests run, and no scrape fails`, async () => {
    // A scrape that a busy machine did not finish in time proves nothing and is not counted. If none finishes in time, the count
    // is never reached.
    const { scrapes, late } = await until(async () => {
      const all = await scrapesBy(prometheus);
      const late = all.filter(scrape => scrape.up === 0 && scrape.scrape_duration_seconds >= INTERVAL);
      const scrapes = all.filter(scrape => !late.includes(scrape));
      return scrapes.length >= SCRAPES && { scrapes, late };
    }, { pause: 200 });
    const fewest = Math.min(...scrapes.map(scrape => scrape.scrape_samples_scraped));
    const longest = Math.max(...scrapes.map(scrape => scrape.scrape_duration_seconds));
    console.log(`# ${scrapes.length} scrapes, at least ${fewest} samples each, at most ${(longest * 1000).toFixed(0)} ms; ${late.length} too late`);
    assert.deepEqual(scrapes.filter(scrape => scrape.up !== 1), []);
    assert.ok(fewest > 100, `${fewest} samples`);
  });
  await stage.check('Prometheus found nothing wrong with what it read', async () => {
    const own = await prometheus.get('label/__name__/values');
    assert.ok(own.includes('parentproxy_requests_total'));
    assert.deepEqual(prometheus.complaints(), []);
    const text = await (await fetch(prometheus.metricsUrl)).text();
    const wrong = text.split('\n').filter(line => /^prometheus_target_(scrapes_(exceeded|sample)\w*_total|scrape_pool\w*_failed_total|metadata\w*error\w*)/.test(line));
    assert.ok(wrong.length >= 5, 'the counters have other names');
    assert.deepEqual(wrong.filter(line => !line.endsWith(' 0')), []);
  });
  await stage.check('requests per second as Prometheus sees them are those of the proxy', async () => {
    assert.ok(await prometheus.value('sum(rate(parentproxy_requests_total[30s]))') > 0);
    assert.ok(await prometheus.value('histogram_quantile(0.99, sum by (le) (rate(parentproxy_request_duration_seconds_bucket[30s])))') > 0);
  });
  await stage.check('what an enclave exports is found by service discovery and relayed', async () => {
    await until(async () => await prometheus.value('instance_enclave:node_memory_used:ratio{enclave="c"}') === 0.75);
    assert.equal(await prometheus.value('up{job="parent-proxy-enclaves", enclave="c"}'), 1);
    const targets = (await prometheus.get('targets')).activeTargets.filter(target => target.labels.job === 'parent-proxy-enclaves');
    assert.deepEqual(targets.map(target => target.labels.enclave).sort(), ['a', 'b', 'c']);
  });
  await stage.check('every rule is evaluated without an error', async () => {
    const rules = await until(async () => {
      const rules = (await prometheus.get('rules')).groups.flatMap(group => group.rules);
      return rules.every(rule => rule.health !== 'unknown') && rules;
    });
    assert.ok(rules.length > 30);
    assert.deepEqual(rules.filter(rule => rule.health !== 'ok').map(rule => [rule.name, rule.lastError]), []);
  });
  await stage.check('every query of the dashboard is one', async () => {
    const { panels } = JSON.parse(await readFile(deployed('grafana-dashboard.json')));
    const empty = [];
    for (const { title, targets = [] } of panels)
      for (const { expr } of targets) {
        const result = await prometheus.query(expr.replaceAll('$__rate_interval', '30s').replaceAll(/\$(instance|enclave)/g, '.*'));
        if (result.length === 0) empty.push(title);
      }
    console.log(`# nothing to show, as things are: ${[...new Set(empty)].join(', ')}`);
  });
  await stage.check('no alert fires while all is well', async () =>
    assert.deepEqual((await prometheus.get('alerts')).alerts.filter(alert => alert.state === 'firing'), []));

  await stage.check('the enclaves are stopped: "no healthy enclave" is pending, then fires, and names them', async () => {
    await Promise.all([...enclaves, exporter].map(enclave => enclave.kill()));
    const [alert] = await until(async () => {
      const firing = (await prometheus.alerts(NO_ENCLAVE)).filter(({ state }) => state === 'firing');
      return firing.length > 0 && firing;
    });
    const since = async state => (await prometheus.query(`ALERTS{alertname="${NO_ENCLAVE}", alertstate="${state}"}${SINCE}`))[0].values[0][0];
    assert.ok(await since('pending') < await since('firing'));
    const { labels, annotations } = alert;
    console.log(`# ${annotations.summary}: ${annotations.description}`);
    assert.equal(labels.severity, 'critical');
    assert.match(annotations.description, /a is \w+; b is \w+; c is \w+;/);
    assert.match(annotations.runbook, /curl http:\/\/127\.0\.0\.1:9464\/health/);
  });
  await stage.check('they are back: it fires no more', async () => {
    await Promise.all(enclaves.map(enclave => enclave.restart()));
    await until(async () => (await prometheus.alerts(NO_ENCLAVE)).length === 0);
  });
  isOver = true;
  await Promise.all(load);
}

async function run(port, isOver) {
  const client = new Client(port);
  while (!isOver()) {
    await client.request('GET /bytes/2000 HTTP/1.1\r\nHost: a\r\n\r\n');
    await sleep(10);
  }
  client.close();
}

/** What Prometheus noted of every scrape so far. */
async function scrapesBy(prometheus) {
  const scrapes = new Map();
  for (const name of ['up', 'scrape_samples_scraped', 'scrape_duration_seconds'])
    for (const [time, value] of (await prometheus.query(`${name}{job="parent-proxy"}${SINCE}`))[0]?.values ?? [])
      scrapes.set(time, { ...scrapes.get(time), [name]: Number(value) });
  // The newest may not be whole yet.
  return [...scrapes.values()].filter(scrape => Object.keys(scrape).length === 3);
}

/** An enclave whose application has an exporter. */
async function exportingEnclave(stage, name) {
  const server = createServer((request, response) => {
    response.setHeader('X-Enclave', name);
    if (request.url !== '/metrics') return response.end('{}');
    response.setHeader('Content-Type', 'text/plain; version=0.0.4');
    response.end('# TYPE node_memory_MemTotal_bytes gauge\nnode_memory_MemTotal_bytes 1000\n# TYPE node_memory_MemAvailable_bytes gauge\nnode_memory_MemAvailable_bytes 250\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const kill = async () => {
    server.close();
    server.closeAllConnections();
  };
  stage.atEnd(kill);
  return { entry: { Id: name, Name: name, Transport: 'tcp', TcpHost: '127.0.0.1', Port: server.address().port }, kill };
}
