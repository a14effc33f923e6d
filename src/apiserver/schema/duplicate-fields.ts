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

/** The paths of fields that valid JSON text has twice in one object; parsing keeps the last and tells nobody. */
export function duplicateFields(json: string): string[] {
  const duplicates: string[] = [];
  const levels: Level[] = [];
  let level: Level | undefined;
  let expectsKey = false;
  for (const [token] of json.matchAll(TOKEN)) {
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
        if (level.keys.has(level.field)) duplicates.push(valuePath(level));
        level.keys.add(level.field);
        expectsKey = false;
    }
  }
  return [...new Set(duplicates)];
}

const valuePath = ({ path, keys, index, field }: Level): string => (keys === undefined ? `${path}[${index}]` : path === '' ? field : `${path}.${field}`);
