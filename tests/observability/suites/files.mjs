// What is deployed, by itself: the rules do what their tests say, the dashboard is what its script writes.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../harness/processes.mjs';
import { deployed } from '../harness/deployed.mjs';
import { promtool } from '../harness/promtool.mjs';

export default async function suite(stage) {
  const files = async folder => (await readdir(deployed(folder))).filter(file => file.endsWith('.yml')).map(file => deployed(`${folder}/${file}`));

  await stage.check('promtool check config', () => promtool(['check', 'config', deployed('prometheus.yml')]));
  await stage.check('promtool check rules', async () => promtool(['check', 'rules', ...await files('rules')]));
  await stage.check('promtool test rules', async () => promtool(['test', 'rules', ...await files('rules/tests')]));

  const alerts = (await readFile(deployed('rules/alerts.yml'), 'utf8')).split(/^ {6}- alert: /m).slice(1);
  await stage.check('every alert has a severity, a summary, a description and a runbook', async () => {
    for (const alert of alerts)
      for (const key of ['severity', 'summary', 'description', 'runbook'])
        assert.match(alert, new RegExp(`^ +${key}: \\S`, 'm'), `${alert.split('\n')[0]}: ${key}`);
  });
  await stage.check('every alert has a test in which it fires', async () => {
    const tests = (await Promise.all((await files('rules/tests')).map(file => readFile(file, 'utf8')))).join('\n');
    for (const alert of alerts) {
      const [name] = alert.split('\n');
      assert.match(tests, new RegExp(`labels: '\\{alertname="${name}", severity=`), name);
    }
  });
  await stage.check('docs/observability.md names every alert', async () => {
    const document = await readFile(new URL('../../../docs/observability.md', import.meta.url), 'utf8');
    for (const alert of alerts) assert.ok(document.includes(`\`${alert.split('\n')[0]}\``), alert.split('\n')[0]);
  });

  await stage.check('the rules and jobs to copy from docs/observability.md are valid', async () => {
    const document = await readFile(new URL('../../../docs/observability.md', import.meta.url), 'utf8');
    const blocks = [...document.matchAll(/^```yaml\n(.*?)^```$/gms)].map(match => match[1]);
    assert.ok(blocks.length > 0);
    const folder = await mkdtemp(join(tmpdir(), 'documents-'));
    for (const [i, block] of blocks.entries()) {
      const file = join(folder, `${i}.yml`);
      await writeFile(file, block);
      await promtool(['check', block.startsWith('groups:') ? 'rules' : 'config', file]);
    }
    await rm(folder, { recursive: true });
  });

  await stage.check('the dashboard is what its script writes', async () => {
    const { stdout } = await run(process.execPath, [deployed('grafana-dashboard.mjs')]);
    assert.ok(stdout.equals(await readFile(deployed('grafana-dashboard.json'))), 'node grafana-dashboard.mjs > grafana-dashboard.json');
  });
  await stage.check('panels have ids of their own and do not overlap', async () => {
    const { panels } = JSON.parse(await readFile(deployed('grafana-dashboard.json')));
    assert.equal(new Set(panels.map(panel => panel.id)).size, panels.length);
    const cells = new Set();
    for (const { title, gridPos: { x, y, w, h } } of panels) {
      assert.ok(x + w <= 24, title);
      for (let cx = x; cx < x + w; cx++)
        for (let cy = y; cy < y + h; cy++) {
          assert.ok(!cells.has(`${cx},${cy}`), `${title} overlaps another`);
          cells.add(`${cx},${cy}`);
        }
    }
  });
}
