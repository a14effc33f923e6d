import { LineCounter, parseDocument, visit } from 'yaml';

/** What a body has twice in one object: parsing keeps the last and tells nobody. */
export interface DuplicateFields {
  /** In the words of kube-apiserver: `duplicate field "spec.replicas"`; of YAML all in one. */
  problems: readonly { text: string; offset: number }[];
  /** Where in the body a field stands; unknown for YAML. */
  offsetOf: (path: string) => number | undefined;
}

export const NO_DUPLICATES: DuplicateFields = { problems: [], offsetOf: () => undefined };

/** Of valid JSON text. */
export function duplicateFields(json: string): DuplicateFields {
  const problems = new Map<string, { text: string; offset: number }>();
  scanFields(json, (path, offset, again) => {
    if (again && !problems.has(path)) problems.set(path, { text: `duplicate field "${path}"`, offset });
  });
  return { problems: [...problems.values()], offsetOf: (path) => offsetsOf(json).get(path) };
}

/** Of valid YAML text. */
export function duplicateKeys(yaml: string): DuplicateFields {
  const lines = new LineCounter();
  const problems: string[] = [];
  visit(parseDocument(yaml, { uniqueKeys: false, lineCounter: lines }), {
    Map(_key, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        const { value, range } = key as { value?: unknown; range?: [number, number, number] };
        const name = String(value);
        if (seen.has(name)) problems.push(`  line ${lines.linePos(range?.[0] ?? 0).line}: key ${JSON.stringify(value)} already set in map`);
        seen.add(name);
      }
    },
  });
  return { ...NO_DUPLICATES, problems: problems.length === 0 ? [] : [{ text: ['yaml: unmarshal errors:', ...problems].join('\n'), offset: 0 }] };
}

function offsetsOf(json: string): Map<string, number> {
  const offsets = new Map<string, number>();
  scanFields(json, (path, offset, again) => {
    if (!again) offsets.set(path, offset);
  });
  return offsets;
}

interface Level {
  path: string;
  /** Keys seen so far; undefined in a list. */
  keys: Set<string> | undefined;
  /** Of a list: the index that comes next. */
  index: number;
  /** Of an object: the field whose value comes next. */
  field: string;
}

/** Written without alternatives inside the string: those would fill the stack on a text of megabytes. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g;

function scanFields(json: string, found: (path: string, offset: number, again: boolean) => void): void {
  const levels: Level[] = [];
  let level: Level | undefined;
  let expectsKey = false;
  for (const match of json.matchAll(TOKEN)) {
    const [token] = match;
    switch (token) {
      case '{':
      case '[': {
        const path: string = level ? valuePath(level) : '';
        if (level) levels.push(level);
        level = { path, keys: token === '{' ? new Set() : undefined, index: 0, field: '' };
        expectsKey = token === '{';
        break;
      }
      case '}':
      case ']':
        level = levels.pop();
        expectsKey = false;
        break;
      case ',':
        if (level) level.index += 1;
        expectsKey = level?.keys !== undefined;
        break;
      case ':':
        break;
      default:
        if (!expectsKey || !level?.keys) break;
        level.field = token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1);
        found(valuePath(level), match.index, level.keys.has(level.field));
        level.keys.add(level.field);
        expectsKey = false;
    }
  }
}

const valuePath = ({ path, keys, index, field }: Level): string => (keys === undefined ? `${path}[${index}]` : path === '' ? field : `${path}.${field}`);
