// Looks at the status page as an operator does: with and without script, narrow and wide, by keyboard, and while enclaves
// go away and come back.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../harness/files.mjs';
import { killChildrenWhenInterrupted } from '../harness/processes.mjs';
import { Report } from '../harness/report.mjs';
import { finish } from '../harness/runner.mjs';
import { brokenWords } from './harness/breaks.mjs';
import { faintTexts } from './harness/contrast.mjs';
import { hostileName, Stage } from './harness/stage.mjs';
import { Traffic } from './harness/traffic.mjs';
import { Watched } from './harness/watched.mjs';

killChildrenWhenInterrupted();

// Far above what any check takes: it only ends what hangs. No check measures time.
const report = new Report('browser', 60_000);
const check = report.check.bind(report);
const watched = new Watched();
const stage = await Stage.set();
const [first, second, third] = stage.applications;
const traffic = new Traffic(stage.proxy.endPoints[0], 2);
const names = ['proof-a', 'proof-b', hostileName];

const text = (page, selector) => page.locator(selector).innerText();
const row = (page, i) => page.locator(`tr[data-key="${i}"]`);
const shows = (locator, pattern) => locator.filter({ hasText: pattern }).first().waitFor();
const order = page => page.locator('.enclaves tbody tr').evaluateAll(rows => rows.map(row => row.dataset.key));
// A name may break behind what divides its parts, which some trees tell as a space.
const solid = text => text.replace(/[\s\u200b]/g, '');
const updates = page => page.evaluate(() => new Promise(resolve => {
  new MutationObserver(resolve).observe(document.getElementById('main'), { attributeFilter: ['data-updated'] });
}));

try {
  const page = await watched.open(stage);

  await check('every enclave is there with name, state and endpoint', async () => {
    await shows(page.locator('#status'), /^\s*healthy\s+3 of 3 enclaves healthy/);
    for (const [i, application] of stage.applications.entries()) {
      const shown = await row(page, i).innerText();
      assert.match(shown, /healthy/);
      for (const part of [names[i], `tcp://127.0.0.1:${application.port}`, 'answered 200']) assert.ok(shown.includes(part), `${part} in ${shown}`);
    }
  });

  await check('version, uptime, clock, listeners, discovery, configuration', async () => {
    assert.match(await text(page, '#process'), /version\s+\d+\.\d+[\s\S]*up\s+(\d+ min )?\d+ s[\s\S]*host clock\s+\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
    assert.match(await text(page, '#listeners'), new RegExp(`${stage.proxy.endPoints[0].replace('http://', '')}\\s+accepting`));
    assert.match(await text(page, '#discovery'), /Off/);
    assert.ok((await text(page, '#configuration')).includes(`${stage.folder}/appsettings.json`));
  });

  await check('the settings in effect are listed, and secrets are not', async () => {
    await page.locator('#configuration summary').click();
    const settings = await text(page, '.settings');
    for (const setting of [/BudgetPercent\s+20/, /Probe:Interval\s+00:00:01/, /TrustedProxies\s+10\.0\.0\.0\/8, /, /Properties:Where\s+\[redacted\]/])
      assert.match(settings, setting);
    assert.ok(!(await page.content()).includes('hidden value'));
  });

  await check('a name that looks like markup is text', async () => {
    assert.equal(await row(page, 2).locator('.name').textContent(), hostileName);
    assert.equal(await page.locator('main img, main script').count(), 0);
    assert.doesNotMatch(await page.title(), /^injected/);
  });

  await check('requests appear in figures and plots', async () => {
    await page.waitForFunction(() => /[1-9]/.test(document.querySelector('.requests figcaption b').textContent));
    await page.waitForFunction(() => /Now [\d.]+\/s; highest/.test(document.getElementById('requests-d').textContent));
    await page.waitForFunction(() => document.querySelector('#requests-t').parentNode.querySelector('.line').getAttribute('d').includes('L'));
    await shows(row(page, 0), /requests\s*[\d.]+\/s[\s\S]*bytes from it\s*[\d.]+ (Ki)?B[\s\S]*p50\s*[\d.]+ m?s\s*p95\s*[\d.]+ m?s\s*p99\s*[\d.]+ m?s/);
    for (const scale of await page.locator('.plot + .axis').allInnerTexts()) assert.match(scale, /^[\d.]+( m?s| %|\/s)\s+0/);
  });

  await check('it follows an enclave that goes away and comes back, without being loaded anew', async () => {
    await page.evaluate(() => { window.isTheSame = true; });
    await page.locator('#configuration summary').focus();
    await page.mouse.wheel(0, 300);
    await second.stop();
    // The probe that was on its way may have been cut off by the stop; the next one finds nobody.
    await shows(row(page, 1), /unhealthy[\s\S]*ECONNREFUSED/);
    assert.match(await text(page, 'tr[data-key="1"] .why'), /ECONNREFUSED/);
    await shows(page.locator('#status'), /degraded\s+2 of 3 enclaves healthy/);
    assert.match(await text(page, '.findings'), /Enclave 1 \(proof-b\) is unhealthy for [\s\S]*ECONNREFUSED/);
    assert.match(await page.title(), /^degraded 2\/3/);
    await shows(row(page, 1), /Last errors/);
    assert.deepEqual(await order(page), ['1', '0', '2'], 'the worst is first');
    await row(page, 1).locator('summary').click();
    assert.match(await text(page, 'tr[data-key="1"] .errors'), /\d\d:\d\d:\d\d ECONNREFUSED/);
    await second.start();
    await shows(page.locator('#status'), /^\s*healthy/);
    await updates(page);
    assert.match(await row(page, 1).innerText(), /^(?!.*unhealthy)[\s\S]*healthy/);
    assert.equal(await page.evaluate(() => window.isTheSame), true);
    assert.ok(await page.locator('#configuration details').evaluate(details => details.open), 'what was open stays open');
    assert.deepEqual(await order(page), ['0', '1', '2']);
    assert.ok(await row(page, 1).locator('details').evaluate(details => details.open), 'what was open stays open');
    assert.ok(await row(page, 1).locator('summary').evaluate(summary => summary === document.activeElement), 'the focus moves with its row');
  });

  await check('focus stays where it is while the page is updated', async () => {
    await page.locator('#configuration summary').focus();
    await updates(page);
    assert.ok(await page.locator('#configuration summary').evaluate(summary => summary === document.activeElement));
  });

  await check('a probe that fails and answers with errors are told apart', async () => {
    third.healthy = false;
    first.status = 500;
    await shows(row(page, 2), /unhealthy[\s\S]*answered 503/);
    await shows(page.locator('.findings'), /errors \(5xx\) in the last minute, [\d\s]+ of [\d\s]+ requests: [\d\s]+ from enclave 0 \(proof-a\)/);
    await shows(row(page, 0), /5xx\s*\d+ (all|.*×) 500/);
    assert.match(await text(page, 'tr[data-key="2"]'), /outages\s+[1-9]\d*\s+downtime\s+\d+ s/);
    third.healthy = true;
    first.status = 200;
    await shows(page.locator('#status'), /^\s*healthy/);
  });

  await check('a refused configuration is shown with its reason, a good one as reloaded', async () => {
    await stage.proxy.configure(stage.settings({ Retry: { BudgetPercent: 200 } }));
    await shows(page.locator('.findings'), /Configuration was refused/);
    assert.match(await text(page, '#configuration'), /1 refused[\s\S]*Retry:BudgetPercent/);
    await stage.proxy.configure(stage.settings({ Retry: { BudgetPercent: 30 } }));
    await shows(page.locator('#configuration'), /1 done/);
    assert.match(await text(page, '.settings'), /BudgetPercent\s+30/);
  });

  await check('what nitro-cli tells is shown, why an enclave is not used, and that a call failed', async () => {
    // Of an image in debug mode, which is never dialled: this machine is not to try.
    const told = [{ EnclaveName: 'from-nitro', EnclaveID: 'i-1-enc1', EnclaveCID: 21, NumberOfCPUs: 2, MemoryMiB: 512, State: 'RUNNING', Flags: 'DEBUG_MODE' }];
    const program = join(stage.folder, 'nitro-cli');
    await writeFile(program, `#!/bin/sh\necho '${JSON.stringify(told)}'\n`, { mode: 0o755 });
    const discovery = { Discovery: { Enabled: true, NitroCli: program, Interval: '00:00:01' } };
    await stage.proxy.configure(stage.settings(discovery));
    await shows(page.locator('#discovery'), /from-nitro\s*i-1-enc1[\s\S]*21[\s\S]*debug mode[\s\S]*not used/);
    await replaceFile(program, '#!/bin/sh\necho out of order >&2\nexit 1\n', { mode: 0o755 });
    await shows(page.locator('.findings'), /Discovery cannot ask nitro-cli/);
    assert.match(await text(page, '#discovery'), /Last error\s+exit/);
    assert.match(await text(page, '#status'), /healthy/);
  });

  await check('by keyboard: the skip link first, then on to what opens', async () => {
    const fresh = await watched.open(stage);
    const focused = () => fresh.evaluate(() => document.activeElement.innerText);
    await fresh.keyboard.press('Tab');
    assert.equal(await focused(), 'Skip to content');
    assert.ok(await fresh.locator('.skip').evaluate(link => link.getBoundingClientRect().top >= 0), 'it is seen');
    await fresh.keyboard.press('Enter');
    assert.equal(await fresh.evaluate(() => document.activeElement.id), 'main');
    for (let i = 0; i < 20 && !/^All \d+ settings/.test(await focused()); i++) await fresh.keyboard.press('Tab');
    await fresh.keyboard.press('Enter');
    assert.ok(await fresh.locator('#configuration details').evaluate(details => details.open));
    const outline = await fresh.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, 'solid');
    await fresh.context().close();
  });

  for (const width of [400, 1280]) {
    await check(`the accessibility tree at ${width} px: landmarks, one table of enclaves, a name for each image`, async () => {
      await page.setViewportSize({ width, height: 900 });
      const session = await page.context().newCDPSession(page);
      const { nodes } = await session.send('Accessibility.getFullAXTree');
      const shown = nodes.filter(node => !node.ignored);
      const of = role => shown.filter(node => node.role?.value === role);
      for (const role of ['banner', 'navigation', 'main', 'contentinfo']) assert.equal(of(role).length, 1, role);
      const images = of('image').concat(of('img'), of('graphics-document'));
      assert.equal(images.length, 3 + 3);
      for (const image of images) assert.match(image.name.value, /last 15 minutes$/);
      assert.ok(images.every(image => /^(Now|Nothing)/.test(image.description?.value)), 'each says its values');
      const table = of('table').find(node => node.name.value === 'Enclaves');
      assert.ok(table, of('table').map(node => node.name.value).join(', '));
      assert.equal(of('rowheader').filter(node => names.some(name => solid(node.name.value).includes(solid(name)))).length, 3);
      assert.ok(of('columnheader').some(node => node.name.value === 'Why'));
      assert.equal(of('heading').filter(node => node.properties.some(({ name, value }) => name === 'level' && value.value === 1)).length, 1);
    });
  }

  // With the longest texts that there are.
  await second.stop();
  const path = '/run/enclaves/settlement-signer.eu-central-1/firecracker/app_server.sock';
  await stage.proxy.configure(stage.settings({ Enclaves: [...stage.settings().Enclaves, { Id: '3', Name: 'proof-d', Transport: 'unix', Path: path }] }));
  await shows(row(page, 1), /ECONNREFUSED after/);
  await shows(row(page, 3), /ENOENT after/);
  for (const width of [320, 400, 768, 1024, 1200, 1600, 2400]) {
    await check(`nothing is wider than a page of ${width} px`, async () => {
      await page.setViewportSize({ width, height: 900 });
      await page.locator('details').evaluateAll(all => all.forEach(details => { details.open = true; }));
      const [scrollWidth, clientWidth] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(scrollWidth <= clientWidth, `${scrollWidth} > ${clientWidth}`);
      const cut = await page.evaluate(() => [...document.querySelectorAll('main *')]
        .filter(element => element.checkVisibility() && !element.closest('.scroll, svg, .hidden, thead') && element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
        .map(element => `${element.tagName} ${element.className}`));
      assert.deepEqual(cut, []);
      assert.equal(await row(page, 3).locator('.who code').textContent(), `unix:${path}`);
      assert.deepEqual(await page.evaluate(brokenWords), []);
    });
  }

  await second.start();
  await stage.proxy.configure(stage.settings());
  await row(page, 3).waitFor({ state: 'detached' });

  for (const colorScheme of ['light', 'dark']) {
    await check(`texts stand out from their background: ${colorScheme}`, async () => {
      third.healthy = false;
      const fresh = await watched.open(stage, { colorScheme });
      await shows(row(fresh, 2), /unhealthy/);
      await fresh.locator('details').evaluateAll(all => all.forEach(details => { details.open = true; }));
      assert.deepEqual(await fresh.evaluate(faintTexts), []);
      third.healthy = true;
      await fresh.context().close();
    });
  }

  await check('without script everything is there, and the page is loaded anew from time to time', async () => {
    const plain = await watched.open(stage, { javaScriptEnabled: false });
    for (const [i, name] of names.entries()) assert.ok((await row(plain, i).innerText()).includes(name));
    assert.match(await plain.locator('head noscript').innerHTML(), /http-equiv="refresh" content="10"/);
    const again = plain.waitForEvent('load');
    await again;
    await plain.context().close();
  });

  await check('a hidden tab asks for nothing, and at once when it is seen again', async () => {
    const hidden = await watched.open(stage, {}, page => page.clock.install());
    const hide = value => hidden.evaluate(value => {
      Object.defineProperty(document, 'hidden', { get: () => value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, value);
    const asked = [];
    await hide(true);
    hidden.on('request', request => asked.push(request.url()));
    await hidden.clock.runFor(60_000);
    assert.deepEqual(asked, []);
    await Promise.all([hidden.waitForRequest(stage.proxy.admin + '/'), hide(false)]);
    await hidden.context().close();
  });

  await check('nothing but the page itself is asked for, and nothing stands in the console', async () => {
    assert.deepEqual(watched.troubles, []);
    assert.ok(watched.requests.length > 5);
    assert.deepEqual([...new Set(watched.requests.filter(url => !url.startsWith('data:')).map(url => new URL(url).pathname))], ['/']);
  });

  await check('what gets into the page all the same cannot load, run or send anything', async () => {
    const own = await new Watched().open(stage);
    const directives = ['connect-src', 'frame-src', 'img-src', 'script-src-attr', 'script-src-elem', 'style-src-attr'];
    const blocked = await own.evaluate(async expected => {
      const seen = [];
      document.addEventListener('securitypolicyviolation', event => seen.push(event.effectiveDirective));
      document.body.insertAdjacentHTML('beforeend', '<img src="/health"><b style="color:red" onclick="window.ran = 1">x</b><iframe src="/health"></iframe>');
      document.body.lastElementChild.previousElementSibling.click();
      const script = document.createElement('script');
      script.textContent = 'window.ran = 1';
      document.body.append(script);
      await fetch('http://127.0.0.1:9/').catch(() => {});
      const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
      for (let waited = 0; waited < 20_000 && new Set(seen).size < expected; waited += 50) await pause(50);
      await pause(200); // for what nobody expects
      return { seen: [...new Set(seen)].sort(), ran: window.ran ?? 0 };
    }, directives.length);
    assert.deepEqual(blocked, { seen: directives, ran: 0 });
    await own.context().close();
  });

  const last = await new Watched().open(stage);
  await check('a page that cannot be read anew says so, and goes on when it can', async () => {
    await last.context().setOffline(true);
    await shows(last.locator('#connection'), /Not updated since \d\d:\d\d:\d\d UTC: the proxy cannot be reached/);
    await last.context().setOffline(false);
    await last.waitForFunction(() => document.getElementById('connection').textContent === '');
  });

  await check('a stop is shown as draining, then that the proxy is gone; it ends with exit status 0', async () => {
    const stopped = stage.proxy.stop();
    await shows(last.locator('#status'), /draining/);
    assert.match(await text(last, '.findings'), /This proxy stops/);
    await shows(last.locator('#connection'), /Not updated since/);
    assert.equal(await stopped, 0);
  });
} catch (error) {
  await check('the program runs to its end', () => { throw error; });
} finally {
  traffic.stop();
  await stage.strike();
}
finish(report);
