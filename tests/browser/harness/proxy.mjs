import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { replaceFile } from '../../clients/harness/files.mjs';
import { start } from '../../clients/harness/processes.mjs';

/** The built program, with a configuration file in a folder of its own. */
export class Proxy {
  #child;
  #lines = [];
  #file;
  #stopped;

  /** Addresses of the public and of the admin listener. */
  url;
  admin;

  static async start(folder, settings) {
    const proxy = new Proxy();
    proxy.#file = join(folder, 'appsettings.json');
    await proxy.configure(settings);
    await proxy.#run(folder);
    return proxy;
  }

  /** Writes the configuration file, which a running proxy then reads anew. */
  configure(settings) {
    return replaceFile(this.#file, JSON.stringify({
      Kestrel: { Endpoints: { Http: { Url: 'http://127.0.0.1:0' } } },
      Admin: { Url: 'http://127.0.0.1:0' },
      Log: { Format: 'json' },
      ...settings,
    }));
  }

  async #run(folder) {
    this.#child = start('dotnet', [process.env.PARENT_PROXY_DLL, '--config', this.#file], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, DOTNET_ROOT: process.env.DOTNET_ROOT ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stderr.on('data', text => this.#lines.push(String(text)));
    await new Promise((resolve, reject) => {
      createInterface({ input: this.#child.stdout }).on('line', line => {
        // Lines of the access log come here, too.
        const { RenderedMessage: message, Properties: properties = {} } = JSON.parse(line);
        if (message) this.#lines.push(message);
        const { EventId: event, EndPoints: endPoints, Admin: admin } = properties;
        if (event?.Name === 'Started') [this.url, this.admin] = [endPoints, admin];
        if (event?.Name === 'FirstRound') resolve();
      });
      this.#child.ended.then(() => reject(new Error(`the proxy ended: ${this.#lines.join('\n')}`)));
    });
  }

  /** Ends it as systemd does and returns the exit code. A second signal would end it at once. */
  stop() {
    if (!this.#stopped) this.#child.kill('SIGTERM');
    return this.#stopped ??= this.#child.ended.then(({ code }) => code);
  }
}
