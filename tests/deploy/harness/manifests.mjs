import { parseAllDocuments } from 'yaml';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { path } from './repository.mjs';

/** The objects of a file of manifests. */
export function objectsIn(text) {
  return parseAllDocuments(text).map(document => {
    if (document.errors.length + document.warnings.length > 0) throw new Error([...document.errors, ...document.warnings].join('\n'));
    return document.toJS();
  });
}

function packageOf({ apiVersion }) {
  const owner = apiVersion.startsWith('monitoring.coreos.com/') ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models';
  return `${owner}/${apiVersion}`;
}

/** What the schema of an object finds wrong with its values. */
export async function valueProblem(object) {
  const { [object.kind]: Kind } = await import(packageOf(object));
  if (!Kind) return `there is no ${object.apiVersion} ${object.kind}`;
  try {
    new Kind(object).validate();
    return undefined;
  } catch (error) {
    return error.message;
  }
}

/**
 * What TypeScript finds wrong when each object is written down as a literal of its type: a key that does not exist, or is missing, or
 * has another type. The schemas let unknown keys pass, and so does the API server of Kubernetes with no more than a warning.
 */
export async function typeProblems(objects, folder) {
  const file = join(folder, 'manifests.ts');
  const source = objects.map((object, i) => [
    `import type { I${object.kind} as Kind${i} } from '${packageOf(object)}';`,
    `const object${i}: Kind${i} = ${JSON.stringify(object, null, 2)};`,
  ].join('\n'));
  await writeFile(file, [...source, `export default [${objects.map((_, i) => `object${i}`)}];\n`].join('\n'));
  const modules = path('tests/deploy/node_modules');
  const program = ts.createProgram([file], {
    noEmit: true, strict: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler, types: [], baseUrl: modules, paths: { '*': [`${modules}/*`] },
  });
  return ts.getPreEmitDiagnostics(program).map(({ messageText, start, file: where }) => {
    const line = where && start !== undefined ? where.text.slice(where.text.lastIndexOf('\n', start) + 1).split('\n')[0].trim() : '';
    return `${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
