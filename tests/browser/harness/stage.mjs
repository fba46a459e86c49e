import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { Proxy } from '../../harness/proxy.mjs';
import { Application } from './application.mjs';

/** A name that would be markup if it were not encoded, as far as a name may go. */
export const hostileName = `<img src=x onerror="document.title='injected'"><script>document.title='injected'</script>&amp;'`;

/** A browser, a proxy, and three applications behind it. */
export class Stage {
  static async set() {
    const stage = new Stage();
    stage.folder = await mkdtemp(join(tmpdir(), 'browser-'));
    stage.applications = await Promise.all([Application.start(), Application.start(), Application.start()]);
    stage.proxy = await Proxy.start(stage.folder, stage.settings());
    stage.browser = await chromium.launch({ executablePath: process.env.CHROMIUM, chromiumSandbox: process.getuid() !== 0 });
    return stage;
  }

  /** The settings, with others beside them. */
  settings(more = {}) {
    const names = ['proof-a', 'proof-b', hostileName];
    return {
      Enclaves: this.applications.map(({ port }, i) => ({ Id: String(i), Name: names[i], Transport: 'tcp', TcpHost: '127.0.0.1', Port: port })),
      Health: { Probe: { Interval: '00:00:01', UnhealthyAfter: 1 } },
      Timeouts: { DrainDelay: '00:00:08' },
      Serilog: { Properties: { Where: 'a sink writes this hidden value' } },
      ...more,
    };
  }

  async strike() {
    await this.browser?.close();
    const code = await this.proxy?.stop();
    await Promise.all(this.applications.map(application => application.stop()));
    return code;
  }
}
