export type TomlTable = { [key: string]: unknown };

/** Where a text stops being TOML. */
export class TomlError extends Error {
  readonly reason = 'InvalidToml';
  constructor(readonly line: number, message: string) {
    super(`line ${line}: ${message}`);
  }
}

const isTable = (value: unknown): value is TomlTable => typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Verbatim);

/** A value that is carried over as it was written: dates, and numbers whose notation matters. */
class Verbatim {
  constructor(readonly text: string) {}
}

const ESCAPED: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', e: '\x1b', '"': '"', '\\': '\\' };
const unescape = (text: string): string =>
  text
    .replace(/\\[ \t]*\n\s*/g, '')
    .replace(/\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))/gs, (_, short?: string, long?: string, letter?: string) =>
      letter === undefined ? String.fromCodePoint(Number.parseInt(short ?? long ?? '', 16)) : (ESCAPED[letter] ?? letter));

/** Tokens in the order in which they are tried at a place. */
const BLANK = /(?:[ \t\n]|#[^\n]*)*/y;
const STRING = /"""\n?((?:[^\\]|\\[^])*?)"""(?!")|'''\n?([^]*?)'''(?!')|"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'/y;
const BARE_KEY = /[A-Za-z0-9_-]+/y;
const BARE_VALUE = /[A-Za-z0-9_+.:-]+(?: \d\d:[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?/y;
const INTEGER = /^[+-]?\d(?:_?\d)*$/;
const FLOAT = /^[+-]?(?:inf|nan|\d(?:_?\d)*(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d+)?)$/;
const OTHER = /^(?:0x[\da-fA-F_]+|0o[0-7_]+|0b[01_]+|\d{4}-\d\d-\d\d.*|\d\d:\d\d.*)$/;

/** Sets a key of its own even when it is `__proto__`. */
const define = (table: TomlTable, key: string, value: unknown): void => {
  Object.defineProperty(table, key, { value, enumerable: true, writable: true, configurable: true });
};

class Parser {
  private at = 0;
  private readonly root: TomlTable = {};
  private readonly defined = new Set<TomlTable>();

  constructor(private readonly text: string) {}

  parse(): TomlTable {
    let table = this.root;
    for (this.take(BLANK); this.at < this.text.length; this.take(BLANK)) {
      if (this.text.startsWith('[', this.at)) table = this.header();
      else this.pair(table);
      this.take(/[ \t]*(?:#[^\n]*)?/y);
      if (this.at < this.text.length && this.text[this.at] !== '\n') this.fail('the end of the line is expected');
    }
    return this.root;
  }

  private header(): TomlTable {
    const list = this.text.startsWith('[[', this.at);
    this.at += list ? 2 : 1;
    const path = this.key();
    const last = path.at(-1) as string;
    if (!this.skip(list ? ']]' : ']')) this.fail(`"${list ? ']]' : ']'}" is expected`);
    if (!list) {
      const table = this.descend(this.root, path);
      if (this.defined.has(table)) this.fail(`table ${path.join('.')} is defined twice`);
      this.defined.add(table);
      return table;
    }
    const parent = this.descend(this.root, path.slice(0, -1));
    if (!Object.hasOwn(parent, last)) define(parent, last, []);
    const items = parent[last];
    if (!Array.isArray(items)) return this.fail(`${path.join('.')} is not a list of tables`);
    const table: TomlTable = {};
    items.push(table);
    return table;
  }

  private pair(table: TomlTable): void {
    const path = this.key();
    const last = path.at(-1) as string;
    if (!this.skip('=')) this.fail('"=" is expected');
    this.take(/[ \t]*/y);
    const into = this.descend(table, path.slice(0, -1));
    if (Object.hasOwn(into, last)) this.fail(`${path.join('.')} is defined twice`);
    define(into, last, this.value());
  }

  private key(): string[] {
    const path: string[] = [];
    do {
      this.take(/[ \t]*/y);
      path.push(this.take(BARE_KEY)?.[0] ?? this.string() ?? this.fail('a key is expected'));
      this.take(/[ \t]*/y);
    } while (this.skip('.'));
    return path;
  }

  private string(): string | undefined {
    const [, longBasic, longLiteral, basic, literal] = this.take(STRING) ?? [];
    return longLiteral ?? literal ?? ((longBasic ?? basic) === undefined ? undefined : unescape((longBasic ?? basic) as string));
  }

  private value(): unknown {
    const string = this.string();
    if (string !== undefined) return string;
    if (this.skip('[')) return this.list();
    if (this.skip('{')) return this.inlineTable();
    const word = this.take(BARE_VALUE)?.[0] ?? this.fail('a value is expected');
    if (word === 'true' || word === 'false') return word === 'true';
    if (INTEGER.test(word) && Number.isSafeInteger(Number(word.replaceAll('_', '')))) return Number(word.replaceAll('_', ''));
    if (INTEGER.test(word) || FLOAT.test(word) || OTHER.test(word)) return new Verbatim(word);
    return this.fail(`"${word}" is not a value; text needs quotes`);
  }

  private list(): unknown[] {
    const items: unknown[] = [];
    for (this.take(BLANK); !this.skip(']'); this.take(BLANK)) {
      items.push(this.value());
      this.take(BLANK);
      if (!this.skip(',') && this.text[this.at] !== ']') this.fail('"," or "]" is expected');
    }
    return items;
  }

  private inlineTable(): TomlTable {
    const table: TomlTable = {};
    for (this.take(BLANK); !this.skip('}'); this.take(BLANK)) {
      this.pair(table);
      this.take(BLANK);
      if (!this.skip(',') && this.text[this.at] !== '}') this.fail('"," or "}" is expected');
    }
    return table;
  }

  /** The table at a path, made on the way; of a list of tables the last. */
  private descend(from: TomlTable, path: readonly string[]): TomlTable {
    let table = from;
    for (const key of path) {
      if (!Object.hasOwn(table, key)) define(table, key, {});
      const value = table[key];
      const next: unknown = Array.isArray(value) ? value.at(-1) : value;
      table = isTable(next) ? next : this.fail(`${key} is not a table`);
    }
    return table;
  }

  private take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text) ?? undefined;
    if (found) this.at += found[0].length;
    return found;
  }

  private skip(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  private fail(message: string): never {
    throw new TomlError(this.text.slice(0, this.at).split('\n').length, message);
  }
}

/** Reads TOML 1.0. Dates, floats and unusual integers are kept as they were written. Throws {@link TomlError}. */
export const parseToml = (text: string): TomlTable => new Parser(text.replace(/\r\n/g, '\n')).parse();

const quote = (text: string): string => JSON.stringify(text).replaceAll('\u007f', '\\u007f');
const keyText = (key: string): string => (/^[A-Za-z0-9_-]+$/.test(key) ? key : quote(key));
const isTableList = (value: unknown): value is TomlTable[] => Array.isArray(value) && value.length > 0 && value.every(isTable);

function valueText(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (value instanceof Verbatim) return value.text;
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  if (isTable(value)) return `{ ${Object.entries(value).map(([key, item]) => `${keyText(key)} = ${valueText(item)}`).join(', ')} }`;
  return String(value);
}

/** Writes TOML: of each table first its values, then its tables, keys sorted. Empty tables are left out. */
export const renderToml = (table: TomlTable): string => tableText(table, [], '');

/** `header` is written even without values when it starts an item of a list; else only above values. */
function tableText(table: TomlTable, path: readonly string[], header: string): string {
  const entries = Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1));
  const values = entries.filter(([, value]) => !isTable(value) && !isTableList(value)).map(([key, value]) => `${keyText(key)} = ${valueText(value)}\n`);
  const tables = entries.flatMap(([key, value]) => {
    const inner = [...path, key];
    const name = inner.map(keyText).join('.');
    if (isTable(value)) return [tableText(value, inner, `[${name}]\n`)];
    return isTableList(value) ? value.map((item) => tableText(item, inner, `[[${name}]]\n`)) : [];
  });
  const own = values.length > 0 || header.startsWith('[[') ? `${header}${values.join('')}` : '';
  return [own, ...tables].filter((part) => part !== '').join('\n');
}
