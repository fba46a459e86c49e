import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** A path of this repository as one of the file system. */
export const path = name => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

/** The text of a file of this repository. */
export const text = name => readFile(path(name), 'utf8');
