import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { replaceFile } from './files.mjs';
import { startProgram } from './processes.mjs';

const HOST_IS_READY = 'host is ready';
const ANYWHERE = 'http://127.0.0.1:0';

/** A running proxy process with a configuration file in a folder of its own. */
export class Proxy {
  #child;
  #file;
  #log = [];
  #stopped;

  /** Where clients connect: http://host:port of each listener, in the order of their names. */
  endPoints = [];
  /** The admin listener: http://host:port. */
  admin;

  /** Starts the program under test, and waits for its first round of probes. */
  static async start(folder, settings) {
    const proxy = new this();
    await proxy.run(folder, settings);
    return proxy;
  }

  /**
   * @param program as tests/harness/start knows it
   * @param args makes its arguments from the path of the configuration file
   */
  async run(folder, settings, program = 'parent-proxy', args = file => ['--config', file]) {
    this.#file = join(folder, 'appsettings.json');
    await this.configure(settings);
    this.#child = startProgram(program, args(this.#file), { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stderr.on('data', text => this.#log.push({ Level: 'Fatal', RenderedMessage: String(text) }));
    await new Promise((resolve, reject) => {
      createInterface({ input: this.#child.stdout }).on('line', line => {
        if (line === HOST_IS_READY) resolve();
        if (!line.startsWith('{')) return;
        const entry = JSON.parse(line);
        // Lines of the access log stand between those of the program.
        if (entry.type === 'access') return;
        this.#log.push(entry);
        const { EventId: event, EndPoints: endPoints, Admin: admin } = entry.Properties ?? {};
        if (event?.Name === 'Started') [this.endPoints, this.admin] = [endPoints.split(', '), admin];
        else if (event?.Name === 'FirstRound') resolve();
      });
      this.#child.ended.then(() => reject(new Error(`the proxy ended: ${this.log()}`)));
    });
  }

  /** Writes its configuration file, which a running proxy takes over by itself. */
  configure(settings) {
    return replaceFile(this.#file, JSON.stringify({
      Kestrel: { Endpoints: { Http: { Url: ANYWHERE } } },
      Timeouts: { DrainDelay: '00:00:00' },
      Log: { Format: 'json' },
      ...settings,
      Admin: { Url: ANYWHERE, ...settings.Admin },
    }));
  }

  get pid() {
    return this.#child.pid;
  }

  /** What it logged as its own fault. */
  faults() {
    return this.#log
      .filter(entry => /^(Error|Fatal)$/.test(entry.Level) || /internal_error|report it/.test(entry.RenderedMessage))
      .map(entry => entry.RenderedMessage);
  }

  /** The entries of its log with one of these event names. */
  logged(...names) {
    return this.#log.filter(entry => names.includes(entry.Properties?.EventId?.Name));
  }

  /** What it logged. */
  log() {
    return this.#log.map(entry => entry.RenderedMessage).join('\n');
  }

  /** Ends it as systemd does and returns the exit code. A second signal would end it at once. */
  stop() {
    if (!this.#stopped) this.#child.kill('SIGTERM');
    return this.#stopped ??= this.#child.ended.then(({ code }) => code);
  }

  /** Ends it as a crash does. */
  async kill() {
    this.#child.kill('SIGKILL');
    await this.#child.ended;
  }
}
