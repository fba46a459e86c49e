import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, start } from '../../harness/processes.mjs';
import { until } from '../../harness/waiting.mjs';

/** For a client that waits for what never comes; above what any takes. */
const PATIENCE_MS = 40_000;
const NETWORK = fileURLToPath(new URL('enclave-network', import.meta.url));

/** An enclave: a namespace with a loopback, and socat or our own program between it and the unix sockets of the parent. */
export class Enclave {
  /** The process that holds the namespace, in ours. */
  #pid;
  #holder;
  #resolvConf;

  /**
   * @param bridges pairs of socat's addresses, as they are in the start script of an enclave
   * @param resolver what stands in /etc/resolv.conf behind `nameserver 127.0.0.1`
   */
  static async open(stage, bridges, resolver = '') {
    const enclave = new this(), ports = bridges.map(([listen]) => /^(TCP|UDP)4-LISTEN:(\d+)/.exec(listen));
    await enclave.#begin(stage, `nameserver 127.0.0.1\n${resolver}\n`, bridges.flat(),
      () => ports.every(([, kind, port]) => enclave.#listens(kind.toLowerCase(), Number(port))));
    return enclave;
  }

  /** One with parent-proxy enclave and these settings, among them Dns, and a resolv.conf that names nobody who answers. */
  static async ours(stage, settings) {
    const enclave = new this(), file = join(await stage.folder(), 'enclave.json');
    await writeFile(file, JSON.stringify({ Enclave: settings }));
    await enclave.#begin(stage, 'nameserver 192.0.2.53\n', ['--', process.env.PARENT_PROXY, 'enclave', '--config', file],
      () => enclave.#listens('tcp', 53) && enclave.#listens('udp', 53)
        && readFileSync(enclave.#resolvConf, 'utf8').includes('\nnameserver 127.0.0.1\n'));
    return enclave;
  }

  async #begin(stage, resolvConf, args, isReady) {
    this.#resolvConf = join(await stage.folder(), 'resolv.conf');
    await writeFile(this.#resolvConf, resolvConf);
    const holder = this.#holder = start('unshare',
      ['--net', '--mount', '--pid', '--fork', '--kill-child', NETWORK, this.#resolvConf, ...args],
      { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const output of [holder.stdout, holder.stderr]) output.on('data', text => { said += text; });
    stage.atEnd(() => this.close());
    this.#pid = await until(() => childrenOf(holder.pid)[0], { patience: 10_000, otherwise: () => said });
    await until(isReady, { patience: 30_000, otherwise: () => `the bridges do not listen: ${said}` });
  }

  /** Runs a client to its end. It gets what is named here as its environment, and PATH. */
  run(command, args, { env, cwd = '/', ...options } = {}) {
    // Who enters a mount namespace finds itself at its root.
    return run(...this.#within('env', ['--chdir', cwd, command, ...args]), {
      timeout: PATIENCE_MS, killSignal: 'SIGKILL',
      env: { PATH: process.env.PATH, HOME: '/nonexistent', TMPDIR: process.env.TMPDIR, ...env },
      ...options,
    });
  }

  /** Processes that socat has made for connections and datagrams, less itself. */
  get children() {
    return childrenOf(this.#pid).flatMap(childrenOf).length;
  }

  close() {
    this.#holder.kill('SIGKILL');
    return this.#holder.ended;
  }

  #within(command, args) {
    return ['nsenter', ['--target', String(this.#pid), '--net', '--mount', '--', command, ...args.map(String)]];
  }

  #listens(kind, port) {
    const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    // 0A is LISTEN of TCP, 07 that of a UDP socket that is not connected.
    const state = kind === 'tcp' ? '0A' : '07';
    return readFileSync(`/proc/${this.#pid}/net/${kind}`, 'utf8').split('\n').some(line => {
      const [, local, , is] = line.trim().split(/\s+/);
      return local?.endsWith(hex) && is === state;
    });
  }
}

function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** The seed's lines: names by datagrams alone. */
export const udpDns = path => ['UDP4-LISTEN:53,fork,reuseaddr', `UNIX-CONNECT:${path}`];
/** Names over streams, framed. */
export const tcpDns = path => ['TCP4-LISTEN:53,fork,reuseaddr,backlog=1024', `UNIX-CONNECT:${path}`];
/** The HTTP proxy of the enclave's programs: http://127.0.0.1:3128. */
export const httpProxy = path => ['TCP4-LISTEN:3128,fork,reuseaddr,backlog=1024', `UNIX-CONNECT:${path}`];
