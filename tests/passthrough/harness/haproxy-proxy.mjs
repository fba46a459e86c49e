import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../harness/ports.mjs';
import { startProgram } from '../../harness/processes.mjs';
import { until } from '../../harness/waiting.mjs';

/** HAProxy, mode tcp, set up from the settings of parent-proxy: what they mean, as far as it can do that. */
export class HaproxyProxy {
  ports = [];
  #child;
  #said = [];
  #stopped;

  static async startWith(folder, listeners, settings) {
    const proxy = new this();
    for (const _ of listeners) proxy.ports.push(await freePort());
    const file = join(folder, 'haproxy.cfg');
    await writeFile(file, configuration(listeners, proxy.ports, settings));
    proxy.#child = startProgram('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [proxy.#child.stdout, proxy.#child.stderr]) stream.on('data', text => proxy.#said.push(String(text)));
    for (const port of proxy.ports) await until(() => accepts(port), { patience: 10_000, otherwise: () => proxy.log() });
    return proxy;
  }

  get pid() {
    return this.#child.pid;
  }

  faults() {
    return [];
  }

  log() {
    return this.#said.join('');
  }

  /** Ends it softly: SIGUSR1 is its SIGTERM. */
  stop() {
    if (!this.#stopped) this.#child.kill('SIGUSR1');
    return this.#stopped ??= this.#child.ended.then(({ code }) => code);
  }
}

const seconds = (text, otherwise) => `${text ? text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) : otherwise}s`;

const address = to => to.startsWith('unix:') ? `unix@${to.slice('unix:'.length)}` : to.replace('tcp://', '');

function configuration(listeners, ports, { Enclaves = [], Timeouts = {} }) {
  const lines = [
    'global', '  nbthread 1', `  hard-stop-after ${seconds(Timeouts.Drain, 2)}`,
    'defaults', '  mode tcp', '  option redispatch', '  retries 3', '  timeout connect 2s', '  balance leastconn',
  ];
  listeners.forEach((listener, i) => {
    const { To, ProxyProtocol = {}, Sni, IdleTimeout, HalfCloseTimeout, MaxConnections } = listener;
    const send = { v1: ' send-proxy', v2: ' send-proxy-v2 proxy-v2-options unique-id' }[ProxyProtocol.Send] ?? '';
    const idle = seconds(IdleTimeout, 900);
    lines.push(`frontend f${i}`,
      `  bind 127.0.0.1:${ports[i]} backlog 4096${ProxyProtocol.Accept === 'required' ? ' accept-proxy' : ''}`,
      `  timeout client ${idle}`);
    if (HalfCloseTimeout) lines.push(`  timeout client-fin ${seconds(HalfCloseTimeout)}`);
    if (MaxConnections) lines.push(`  maxconn ${MaxConnections}`);
    const targets = Sni ? Object.entries(Sni) : [['default', To]];
    if (Sni) lines.push('  tcp-request inspect-delay 5s', '  tcp-request content accept if { req.ssl_hello_type 1 }');
    targets.forEach(([name, target], j) => {
      if (target === 'reject') return;
      if (name === 'default') lines.push(`  default_backend b${i}_${j}`);
      else if (name.startsWith('*')) lines.push(`  use_backend b${i}_${j} if { req.ssl_sni -i -m end ${name.slice(1)} }`);
      else lines.push(`  use_backend b${i}_${j} if { req.ssl_sni -i ${name} }`);
    });
    targets.forEach(([, target], j) => {
      if (target === 'reject') return;
      lines.push(`backend b${i}_${j}`, `  timeout server ${idle}`);
      if (HalfCloseTimeout) lines.push(`  timeout server-fin ${seconds(HalfCloseTimeout)}`);
      const named = Enclaves.filter(({ Id }) => target === 'enclaves' || target === `enclave://${Id}`)
        .map(({ Transport, Path, TcpHost, Port }) => Transport === 'unix' ? `unix@${Path}` : `${TcpHost}:${Port}`);
      const servers = named.length > 0 ? named : [address(target)];
      servers.forEach((server, k) => lines.push(`  server s${k} ${server}${send}${servers.length > 1 ? ' check inter 500ms' : ''}`));
    });
  });
  return `${lines.join('\n')}\n`;
}

function accepts(port) {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => { socket.resetAndDestroy(); resolve(true); });
    socket.once('error', () => resolve(false));
  });
}
