import { readFileSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { startProgram } from '../../harness/processes.mjs';
import { until } from '../../harness/waiting.mjs';

const NAMESPACES = ['--pid', '--fork', '--mount-proc', '--net'];
const TICKS_PER_SECOND = 100;

/** What an image may set for its application, and not for this program. */
const APPLICATIONS = { OTEL_SDK_DISABLED: 'true', OTEL_SERVICE_NAME: 'application' };

/** parent-proxy enclave in namespaces of its own, as PID 1 there. */
export class Enclave {
  #child;
  #isInit;
  #said = [];
  /** Where files of a check may be. */
  folder;
  /** Where /health and /metrics are. */
  status;
  /** { code, signal } once it has ended. */
  ended;

  static async start(folder, command, { Application, ...settings }, { init = true, environment = APPLICATIONS }) {
    const enclave = new this();
    enclave.folder = folder;
    enclave.status = join(folder, 'status.sock');
    enclave.#isInit = init;
    const file = join(folder, 'enclave.json');
    await writeFile(file, JSON.stringify({
      Enclave: { SetUpLoopback: false, Status: { Listen: `unix:${enclave.status}` }, Application, ...settings },
      Log: { Format: 'text' },
    }));
    const program = ['parent-proxy', 'enclave', '--config', file, '--', ...command];
    if (init) program.splice(0, 1, 'unshare', ...NAMESPACES, process.env.PARENT_PROXY);
    const [first, ...rest] = [...Object.entries(environment).map(([name, value]) => `${name}=${value}`), ...program];
    enclave.#child = startProgram(first, rest, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [enclave.#child.stdout, enclave.#child.stderr]) stream.on('data', text => enclave.#said.push(String(text)));
    enclave.ended = enclave.#child.ended;
    return enclave;
  }

  /** What it wrote to its console, the application's lines among it when there is no parent's log. */
  said() {
    return this.#said.join('');
  }

  /** Waits until it has written that: more than a word, as its lines hold the random names of folders. */
  says(text) {
    return until(() => this.said().includes(text), { otherwise: () => `it never said ${text}: ${this.said()}` });
  }

  /** Its exit code, once it has ended. */
  async code() {
    const { code, signal } = await this.ended;
    return code ?? signal;
  }

  /** The process outside whose number inside is 1. */
  get pid() {
    if (!this.#isInit) return this.#child.pid;
    const children = readFileSync(`/proc/${this.#child.pid}/task/${this.#child.pid}/children`, 'utf8').trim();
    // A signal to 0 would go to all of us.
    if (children === '') throw new Error('the program has ended');
    return Number(children.split(' ')[0]);
  }

  signal(name) {
    process.kill(this.pid, name);
  }

  /** All processes inside but the first: { pid, name, state, parent }. */
  processes() {
    const all = readdirSync('/proc').filter(name => /^\d+$/.test(name)).map(stat).filter(Boolean);
    const found = [], parents = [this.pid];
    while (parents.length > 0) {
      const parent = parents.shift();
      for (const one of all.filter(process => process.parent === parent)) {
        found.push(one);
        parents.push(one.pid);
      }
    }
    return found;
  }

  /** Those that the program has to reap; what a shell has started itself it reaps when it looks. */
  zombies() {
    return this.processes().filter(({ state, parent }) => state === 'Z' && parent === this.pid);
  }

  /** Processor time of the program itself, in seconds. */
  cpu() {
    const { fields } = stat(this.pid);
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /** Memory in use, and the most that ever was, in MB. */
  memory() {
    const text = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const of = name => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)[1]) / 1024;
    return { now: of('VmRSS'), most: of('VmHWM') };
  }

  /** A page of its status listener. */
  get(path) {
    return new Promise((resolve, reject) => {
      request({ socketPath: this.status, path, headers: { host: 'enclave' } }, response => {
        const pieces = [];
        response.on('data', piece => pieces.push(piece));
        response.on('end', () => resolve({ status: response.statusCode, body: String(Buffer.concat(pieces)) }));
      }).on('error', reject).end();
    });
  }

  /** A metric, summed over the series whose labels hold the text. */
  async metric(name, labels = '') {
    const { body } = await this.get('/metrics');
    const value = line => Number(/^\S+(?:\{.*\})? (\S+)/.exec(line)[1]);
    const series = body.split('\n').filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    if (series.length === 0) throw new Error(`no ${name} in ${body}`);
    return series.filter(line => line.includes(labels)).reduce((sum, line) => sum + value(line), 0);
  }

  async kill() {
    try {
      // Before its parent ends, which alone tells who it is.
      process.kill(this.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}

function stat(pid) {
  try {
    const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    const fields = rest.split(' ');
    return { pid: Number(pid), name, state: fields[0], parent: Number(fields[1]), fields };
  } catch {
    return null;
  }
}
