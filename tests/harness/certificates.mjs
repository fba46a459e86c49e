import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './processes.mjs';

/** An authority in a folder, and the certificates that it gives away. Each has a key of its own. */
export class Authority {
  #folder;
  /** The file of its own certificate. */
  file;

  static async create(folder, name = 'authority') {
    const authority = new this();
    authority.#folder = folder;
    authority.file = join(folder, `${name}.pem`);
    authority.name = name;
    await openssl(['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
      '-keyout', join(folder, `${name}.key`), '-out', authority.file]);
    return authority;
  }

  /** { cert, key, certFile, keyFile, fingerprint } for names and 127.0.0.1. */
  async certificate(...names) {
    const base = join(this.#folder, names[0]);
    await openssl(['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${names[0]}`,
      '-keyout', `${base}.key`, '-out', `${base}.csr`]);
    writeFileSync(`${base}.ext`, `subjectAltName=${names.map(name => `DNS:${name}`).join(',')},IP:127.0.0.1\n`);
    await openssl(['x509', '-req', '-days', '2', '-in', `${base}.csr`, '-CA', this.file, '-CAkey', join(this.#folder, `${this.name}.key`),
      '-CAcreateserial', '-extfile', `${base}.ext`, '-out', `${base}.pem`]);
    const { stdout } = await openssl(['x509', '-in', `${base}.pem`, '-noout', '-fingerprint', '-sha256']);
    return {
      cert: readFileSync(`${base}.pem`), key: readFileSync(`${base}.key`), certFile: `${base}.pem`, keyFile: `${base}.key`,
      fingerprint: fingerprintIn(String(stdout)),
    };
  }
}

/** As openssl prints it. */
export const fingerprintIn = text => /Fingerprint=([0-9A-F:]+)/.exec(text)?.[1];

export async function openssl(args, options) {
  const result = await run('openssl', args, options);
  assert.equal(result.code, 0, `openssl ${args[0]}: ${result.stderr}`);
  return result;
}
