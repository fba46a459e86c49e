import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../harness/processes.mjs';

/** What the script calls: each stand-in writes its call down, and some do what the real program leaves behind. */
const STAND_INS = {
  'dnf': 'mkdir -p "$ROOT/etc/nitro_enclaves" "$ROOT/etc/parent-proxy"',
  'systemctl': '[[ $* != *"$FAILS"* ]]',
  'aws': 'case $* in "s3 cp "*) echo "content of ${*: -2:1}" > "${*: -1}" ;; "elbv2 "*) echo healthy ;; esac',
  'curl': 'echo token',
  'parent-proxy': 'true',
  'cfn-signal': 'true',
  'amazon-cloudwatch-agent-ctl': 'true',
};

/** The user data of a parent, run in a folder that is its root. */
export class UserData {
  #folder;
  #script;

  constructor(folder, script) {
    this.#folder = folder;
    this.#script = script;
  }

  /**
   * Runs it and returns its exit code; what it called is in `calls`.
   * @param fails a call of systemctl with these words fails
   */
  async run(fails = 'nothing that is called') {
    const bin = join(this.#folder, 'bin');
    await mkdir(bin, { recursive: true });
    for (const folder of ['etc/systemd/system', 'var/lib']) await mkdir(join(this.#folder, 'root', folder), { recursive: true });
    for (const [name, body] of Object.entries(STAND_INS)) {
      const file = join(bin, name);
      await writeFile(file, `#!/bin/bash\nset -euo pipefail\necho "${name} $*" >> "$CALLS"\n${body}\n`);
      await chmod(file, 0o755);
    }
    const root = join(this.#folder, 'root');
    const moved = this.#script
      .replaceAll(/(?<![\w/])\/(etc|var\/lib)\//g, `${root}/$1/`)
      .replaceAll(/\/opt\/aws\/(?:amazon-cloudwatch-agent\/)?bin\//g, `${bin}/`);
    const { code, stdout, stderr } = await run('bash', ['-c', moved], {
      env: { PATH: `${bin}:${process.env.PATH}`, ROOT: root, CALLS: join(this.#folder, 'calls'), FAILS: fails, LC_ALL: 'C.UTF-8' },
    });
    this.output = `${stdout}${stderr}`;
    this.calls = (await readFile(join(this.#folder, 'calls'), 'utf8')).trim().split('\n');
    return code;
  }

  /** The path of a file that it wrote, as the script names it. */
  file(path) {
    return join(this.#folder, 'root', path);
  }

  async read(path) {
    return (await readFile(this.file(path), 'utf8')).replaceAll(join(this.#folder, 'root'), '');
  }
}
