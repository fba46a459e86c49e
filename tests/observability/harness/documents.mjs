import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

const repository = new URL('../../../', import.meta.url);

/** What operators read: the README and what is in docs. */
export async function documents() {
  const docs = new URL('docs/', repository);
  const files = existsSync(docs) ? (await readdir(docs)).filter(file => file.endsWith('.md')).map(file => new URL(file, docs)) : [];
  const texts = await Promise.all([new URL('README.md', repository), ...files].map(file => readFile(file, 'utf8')));
  return texts.join('\n');
}
