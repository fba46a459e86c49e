import { rename, writeFile } from 'node:fs/promises';

/** Writes a file that somebody else may be reading: they see the old one or the new one, never half of it. */
export async function replaceFile(path, content, options) {
  await writeFile(`${path}.new`, content, options);
  await rename(`${path}.new`, path);
}
