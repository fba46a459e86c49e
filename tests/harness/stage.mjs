import assert from 'node:assert/strict';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { startProgram } from './processes.mjs';

/** Programs that are no commands: where Debian puts them. */
const PLACES = {
  'libnginx-mod-stream': ['/usr/lib/nginx/modules/ngx_stream_module.so'],
  'musl-dev': ['/usr/lib/x86_64-linux-musl/libc.a'],
};

/** What a suite works with: its checks, its folders, and what has to be ended with it. */
export class Stage {
  #report;
  #endings = [];

  constructor(report) {
    this.#report = report;
  }

  check(name, body) {
    return this.#report.check(name, body);
  }

  skip(name, reason) {
    this.#report.skip(name, reason);
  }

  /** Says what a check saw. */
  saw(text) {
    console.log(`#   ${text}`);
  }

  /**
   * A check that needs what may not be installed: { package: command, … }, or a list of packages whose commands have
   * their names.
   */
  async checkWith(needed, name, body) {
    const missing = this.missing(needed);
    if (missing.length === 0) return this.check(name, body);
    if (process.env.CI) return this.check(name, () => assert.fail(`not installed: ${missing.join(' ')}`));
    this.skip(name, `not installed: ${missing.join(' ')}`);
  }

  /** The packages whose command is not here. */
  missing(needed) {
    return (Array.isArray(needed) ? needed.map(name => [name, name]) : Object.entries(needed))
      .filter(([name, command]) => !isHere(PLACES[name] ?? process.env.PATH.split(delimiter).map(folder => join(folder, command))))
      .map(([name]) => name);
  }

  /** A new folder that goes away with the suite. */
  async folder() {
    const path = await mkdtemp(join(tmpdir(), 'suite-'));
    this.atEnd(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  /** A program that ends with the suite. */
  start(command, args, options) {
    const child = startProgram(command, args, options);
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', text => said.push(String(text)));
    child.said = () => said.join('');
    this.atEnd(() => {
      child.kill('SIGKILL');
      return child.ended;
    });
    return child;
  }

  /** Runs when the check that runs now has passed or failed. */
  atEndOfCheck(ending) {
    this.#report.atEndOfCheck(ending);
  }

  /** Runs at the end of the suite, what was added last first. */
  atEnd(ending) {
    this.#endings.unshift(ending);
  }

  async end() {
    for (const ending of this.#endings) await ending();
  }
}

function isHere(paths) {
  return paths.some(path => {
    try {
      accessSync(path, constants.R_OK);
      return true;
    } catch {
      return false;
    }
  });
}
