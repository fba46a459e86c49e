// Dashboard and rules ask for what the program exports, under these names and with these labels, and the dashboard leaves
// none of our metrics out.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../harness/ports.mjs';
import { until } from '../../harness/waiting.mjs';
import { Client } from '../harness/client.mjs';
import { deployed } from '../harness/deployed.mjs';
import { requestsOf } from '../harness/enclave.mjs';
import { groupings, selectors } from '../harness/promql.mjs';

/** Labels that Prometheus adds. */
const ADDED = ['job', 'instance'];
/** What is not the parent's: Prometheus' own, and what the enclaves tell. */
const foreign = name => name === 'up' || name.startsWith('node_') || name.startsWith('parentproxy_inside_');
const PATIENCE_MS = 60_000;

export default async function suite(stage) {
  const raw = await freePort();
  const folder = await stage.folder();
  const root = join(folder, 'root.pem');
  const enclaves = await stage.attestingEnclaves('image', root, 'a', 'b');
  const egress = name => join(folder, name);
  const proxy = await stage.discoveringProxy(enclaves, {
    AccessLog: { Mode: 'all', Sink: 'console' },
    Attestation: { Mode: 'observe', Root: root, Pcrs: { 0: [createHash('sha384').update('image:0').digest('hex')] } },
    Passthrough: [{ Listen: `127.0.0.1:${raw}`, To: 'enclaves' }],
    Egress: {
      Allow: [{ Hosts: [`127.0.0.1:${raw}`] }],
      Connect: { Listen: `unix:${egress('connect')}`, Peer: { Cid: 16 } },
      Dns: { Listen: `unix:${egress('dns')}`, Peer: { Cid: 16 } },
      Logs: { Listen: `unix:${egress('logs')}`, Peer: { Cid: 16 } },
    },
  });
  await everything(proxy, enclaves, raw);
  await outward(egress, raw);
  const rules = [...await rulesOf('recording'), ...await rulesOf('alerts')];
  const recorded = new Set(rules.filter(rule => rule.record).map(rule => rule.record));
  const dashboard = JSON.parse(await readFile(deployed('grafana-dashboard.json')));
  const panels = dashboard.panels.flatMap(panel => (panel.targets ?? []).map(target => ({ where: `panel "${panel.title}"`, expr: target.expr })));
  const variables = dashboard.templating.list.filter(variable => variable.definition)
    .map(variable => ({ where: `variable ${variable.name}`, expr: /^label_values\((.*), \w+\)$/.exec(variable.definition)[1] }));

  const queries = {
    panels: [...panels, ...variables],
    rules: rules.map(rule => ({ where: rule.record ?? rule.alert, expr: rule.expr })),
    texts: rules.flatMap(rule => rule.texts.map(expr => ({ where: rule.alert, expr }))),
  };

  // Variables of the dashboard stand in strings and ranges only.
  const complaintsOf = (queries, labels) => queries.flatMap(({ where, expr }) => {
    const wanted = selectors(expr);
    const all = new Set([...ADDED, 'le', ...wanted.flatMap(({ metric }) => [...(labels.get(metric) ?? [])])]);
    const isOpen = wanted.some(({ metric }) => foreign(metric) || recorded.has(metric));
    return [
      ...(wanted.length === 0 ? [`${where}: asks for nothing`] : []),
      ...wanted.filter(({ metric }) => !foreign(metric) && !recorded.has(metric)).flatMap(({ metric, labels: asked }) =>
        labels.has(metric)
          ? asked.filter(label => !labels.get(metric).has(label)).map(label => `${where}: ${metric} has no label ${label}`)
          : [`${where}: there is no metric ${metric}`]),
      ...(isOpen ? [] : groupings(expr).filter(label => !all.has(label)).map(label => `${where}: nothing has a label ${label}`)),
    ];
  });

  // The platform's own come late: a connection's duration some time after its end, what a collection of garbage tells
  // after the first. They are waited for; what has not come by then is missing.
  const deadline = performance.now() + PATIENCE_MS;
  let metrics, labels;
  do {
    if (metrics) await sleep(50);
    metrics = await proxy.metrics();
    labels = labelsOf(metrics);
  } while (performance.now() < deadline && complaintsOf(Object.values(queries).flat(), labels).length > 0);
  const complaints = queries => complaintsOf(queries, labels);

  await stage.check('every query of the dashboard names metrics and labels that the program exports', async () =>
    assert.deepEqual(complaints(queries.panels), []));
  await stage.check('every rule names metrics and labels that the program exports, or recorded ones that exist', async () =>
    assert.deepEqual(complaints(queries.rules), []));
  await stage.check('every query within an alert\'s text names metrics and labels that the program exports', async () =>
    assert.deepEqual(complaints(queries.texts), []));
  await stage.check('every recorded metric is used by an alert', async () => {
    const used = new Set(rules.flatMap(rule => selectors(rule.expr).map(({ metric }) => metric)));
    assert.deepEqual([...recorded].filter(name => !used.has(name)), []);
  });

  const shown = new Set(panels.flatMap(({ expr }) => selectors(expr).map(({ metric }) => metric.replace(/_(bucket|count|sum)$/, ''))));
  const families = [...new Set(metrics.samples.map(sample => sample.name.replace(/_(bucket|count|sum)$/, '')))].sort();
  const left = families.filter(name => !shown.has(name));
  console.log(`# exported, and on no panel: ${left.join(' ')}`);
  await stage.check('every metric of ours is on a panel', async () =>
    assert.deepEqual(left.filter(name => name.startsWith('parentproxy_')), []));
  await stage.check('docs/observability.md names every metric of ours, and no other', async () => {
    const document = await readFile(new URL('../../../docs/observability.md', import.meta.url), 'utf8');
    const told = new Set([...document.matchAll(/`((?:parentproxy|process)_[a-z_]+)(?:\{[^}`]*\})?`/g)].map(match => match[1]));
    const ours = families.filter(name => /^(parentproxy|process)_/.test(name));
    assert.deepEqual({ missing: ours.filter(name => !told.has(name)), unknown: [...told].filter(name => !ours.includes(name)) }, { missing: [], unknown: [] });
  });
}

/** The labels that the samples of each name have, and those that Prometheus adds. */
function labelsOf(metrics) {
  const labels = new Map();
  for (const sample of metrics.samples) {
    const known = labels.get(sample.name) ?? new Set(ADDED);
    Object.keys(sample.labels).forEach(label => known.add(label));
    labels.set(sample.name, known);
  }
  return labels;
}

/** Traffic that makes every metric appear. */
async function everything(proxy, enclaves, passthrough) {
  const client = new Client(proxy.port);
  const get = path => client.request(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  for (let i = 0; i < 500; i++) await get('/bytes/100000');
  await get('/status/500');
  const before = await requestsOf(enclaves);
  const left = new Client(proxy.port);
  left.write('GET /hang HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(async () => await requestsOf(enclaves) > before);
  left.close();
  await get('/reset');
  const wrong = new Client(proxy.port);
  await wrong.request('this is no request\r\n\r\n');
  wrong.close();
  const socket = new Client(proxy.port);
  await socket.request('GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
  socket.close();
  const raw = new Client(passthrough);
  await raw.request('GET /bytes/1000 HTTP/1.1\r\nHost: a\r\n\r\n');
  raw.close();
  client.close();
}

/** What an enclave asks for. */
async function outward(egress, port) {
  await ask(egress('connect'), `GET http://127.0.0.1:${port}/bytes/1000 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
  // a.example, which no rule names, with its length before it.
  const question = Buffer.from('0001010000010000000000000161076578616d706c650000010001', 'hex');
  await ask(egress('dns'), Buffer.concat([Buffer.from([0, question.length]), question]));
  await ask(egress('logs'), 'a line\n');
}

/** Says something, and reads until the other side answers or ends. */
const ask = (path, text) => new Promise((resolve, reject) => {
  const socket = connect(path, () => socket.end(text));
  socket.once('error', reject).once('close', resolve).resume();
});

/** The rules of a file: { record | alert, expr, texts: the queries within its annotations }. */
async function rulesOf(file) {
  const text = await readFile(deployed(`rules/${file}.yml`), 'utf8');
  return text.split(/^ {6}- (?=record: |alert: )/m).slice(1).map(rule => {
    const [, kind, name] = /^(record|alert): (\S+)/.exec(rule);
    const expr = /^ {8}expr: (?:\|\n((?: {10}.*\n?)+)|(.*))/m.exec(rule);
    return {
      [kind]: name,
      expr: expr[1] ?? expr[2],
      texts: [...rule.matchAll(/printf "([^"]*)"[^|]*\| query/g)].map(match => match[1].replaceAll("'", '"').replaceAll('%s', '')),
    };
  });
}
