import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, start } from '../../harness/processes.mjs';
import { until } from '../../harness/waiting.mjs';

/** For a client that waits for what never comes; above what any takes. */
const PATIENCE_MS = 40_000;
const NETWORK = fileURLToPath(new URL('enclave-network', import.meta.url));

/** An enclave: a namespace with a loopback, and socat between it and the unix sockets of the parent. */
export class Enclave {
  /** The process that holds the namespace, in ours. */
  #pid;
  #holder;

  /**
   * @param bridges pairs of socat's addresses, as they are in the start script of an enclave
   * @param resolver what stands in /etc/resolv.conf behind `nameserver 127.0.0.1`
   */
  static async open(stage, bridges, resolver = '') {
    const enclave = new this(), resolvConf = join(await stage.folder(), 'resolv.conf');
    await writeFile(resolvConf, `nameserver 127.0.0.1\n${resolver}\n`);
    const holder = enclave.#holder = start('unshare',
      ['--net', '--mount', '--pid', '--fork', '--kill-child', NETWORK, resolvConf, ...bridges.flat()],
      { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    holder.stderr.on('data', text => { said += text; });
    stage.atEnd(() => enclave.close());
    enclave.#pid = await until(() => childrenOf(holder.pid)[0], { patience: 10_000, otherwise: () => said });
    const ports = bridges.map(([listen]) => /^(TCP|UDP)4-LISTEN:(\d+)/.exec(listen));
    await until(() => ports.every(([, kind, port]) => enclave.#listens(kind.toLowerCase(), Number(port))),
      { patience: 10_000, otherwise: () => `the bridges do not listen: ${said}` });
    return enclave;
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
