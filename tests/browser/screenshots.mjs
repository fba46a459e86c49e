// Makes pictures of the page in the states that matter, with real traffic and a real history.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { killChildrenWhenInterrupted } from '../harness/processes.mjs';
import { Traffic } from './harness/traffic.mjs';
import { Stage } from './harness/stage.mjs';

const folder = process.argv[2];
const seconds = Number(process.env.SECONDS_OF_HISTORY ?? 60);
const wait = time => new Promise(resolve => setTimeout(resolve, time * 1000));
killChildrenWhenInterrupted();

const stage = await Stage.set();
const [, second, third] = stage.applications;
const traffic = new Traffic(stage.proxy.endPoints[0]);
try {
  for (const application of stage.applications) application.delay = 5 + 10 * stage.applications.indexOf(application);
  await wait(seconds);
  await shoot('healthy');

  third.healthy = false;
  second.status = 500;
  await wait(seconds / 4);
  second.status = 200;
  // Of an image in debug mode, which is never dialled: this machine is not to try.
  const told = [{ EnclaveName: 'proof-d', EnclaveID: 'i-0abc-enc18c4', EnclaveCID: 21, NumberOfCPUs: 2, MemoryMiB: 4096, State: 'RUNNING', Flags: 'DEBUG_MODE' }];
  const program = join(stage.folder, 'nitro-cli');
  await writeFile(program, `#!/bin/sh\necho '${JSON.stringify(told)}'\n`, { mode: 0o755 });
  await stage.proxy.configure(stage.settings({ Discovery: { Enabled: true, NitroCli: program } }));
  await wait(5);
  await stage.proxy.configure(stage.settings({ Retry: { BudgetPercent: 200 } }));
  await wait(5);
  await shoot('degraded');

  for (const application of stage.applications) await application.stop();
  await wait(seconds / 4);
  await shoot('down');
} finally {
  traffic.stop();
  await stage.strike();
}

async function shoot(state) {
  for (const theme of ['light', 'dark']) {
    for (const width of [400, 1024, 1600]) {
      const page = await stage.browser.newPage({ viewport: { width, height: 900 }, colorScheme: theme });
      await page.goto(stage.proxy.admin);
      await page.screenshot({ path: join(folder, `${state}-${theme}-${width}.png`), fullPage: true });
      if (state === 'degraded') {
        await page.locator('details').evaluateAll(all => all.forEach(details => { details.open = true; }));
        await page.screenshot({ path: join(folder, `${state}-open-${theme}-${width}.png`), fullPage: true });
      }
      await page.close();
    }
  }
}
