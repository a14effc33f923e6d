import { isCollection, isMap, isNode, isPair, isScalar, parseDocument } from 'yaml';
import type { Node } from 'yaml';
import { DistantAnchor, InputError } from './input-error.js';
import type { SourceText } from './input-error.js';
import type { FieldPath } from './json-position.js';

/** The value of a piece of a file. Throws an {@link InputError}. */
export function readYaml(source: SourceText): unknown {
  const document = parseDocument(source.text, { prettyErrors: false });
  const [problem] = document.errors;
  if (problem) throw new InputError([], `not YAML: ${problem.message.split('\n')[0]}`, source, problem.pos[0]);
  try {
    return document.toJS() as unknown;
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const alias = /\S+$/.exec(error.message)?.[0] ?? '';
    throw new DistantAnchor([], `not YAML: ${error.message}`, source, Math.max(source.text.indexOf(`*${alias}`), 0));
  }
}

/** Where the value at a path begins in a YAML text; the deepest one on the way when there is none. */
export function yamlPosition(text: string, path: FieldPath): number {
  let node: unknown = parseDocument(text, { prettyErrors: false }).contents;
  let found = (node as Node | null)?.range?.[0] ?? 0;
  for (const step of path) {
    if (!isCollection(node)) break;
    const items: readonly unknown[] = node.items;
    const entry = isMap(node) ? items.find((pair) => isPair(pair) && isScalar(pair.key) && String(pair.key.value) === String(step)) : items[Number(step)];
    if (entry === undefined) break;
    const key = isPair(entry) ? entry.key as Node : undefined;
    node = isPair(entry) ? entry.value : entry;
    found = (isNode(node) && !(isScalar(node) && node.value === null) ? node.range?.[0] : key?.range?.[0]) ?? found;
  }
  return found;
}
