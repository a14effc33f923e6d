import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What a built-in type and its fields are for; `''` is the type itself. */
export type TypeDescriptions = ReadonlyMap<string, string>;

const NONE: TypeDescriptions = new Map();
const files = new Map<string, ReadonlyMap<string, TypeDescriptions>>();

/**
 * The descriptions of a built-in type such as `core.v1.PodSpec`, out of the comments of the installed package
 * kubernetes-types. Read when first asked for; empty for what that package does not have.
 */
export function descriptionsOf(typeName: string): TypeDescriptions {
  const parts = typeName.split('.');
  const name = parts.pop() ?? '';
  const file = `${parts.join('/')}.d.ts`;
  let types = files.get(file);
  if (!types) {
    types = readTypes(file);
    files.set(file, types);
  }
  return types.get(name) ?? NONE;
}

function readTypes(file: string): ReadonlyMap<string, TypeDescriptions> {
  try {
    const root = dirname(createRequire(import.meta.url).resolve('kubernetes-types/package.json'));
    return parseDeclarations(readFileSync(join(root, file), 'utf8'));
  } catch {
    // Descriptions are a courtesy: without the package, or a file of it, there are none.
    return new Map();
  }
}

const COMMENT = /^( *)\/\*\*(.*?)\*\/\n\1(?:export (?:interface|type) (\w+)|(?:readonly )?(?:"([^"]+)"|([$\w]+))\??:)/gms;

/** The comments above the interfaces of a declaration file and above their fields. */
export function parseDeclarations(text: string): ReadonlyMap<string, TypeDescriptions> {
  const types = new Map<string, Map<string, string>>();
  let current = new Map<string, string>();
  for (const match of text.matchAll(/^export (?:interface|type) (\w+)/gm)) types.set(match[1]!, new Map());
  let cursor = 0;
  const starts = [...text.matchAll(/^export (?:interface|type) (\w+)/gm)].map((match) => ({ name: match[1]!, index: match.index }));
  for (const { 1: indent, 2: comment = '', 3: type, 4: quoted, 5: plain, index } of text.matchAll(COMMENT)) {
    const description = comment.replace(/\n *\* ?/g, '\n').trim();
    if (type !== undefined) {
      types.get(type)?.set('', description);
      continue;
    }
    if (indent === '') continue;
    while (cursor < starts.length && starts[cursor]!.index < index) {
      current = types.get(starts[cursor]!.name) ?? current;
      cursor += 1;
    }
    current.set(quoted ?? plain ?? '', description);
  }
  return types;
}
