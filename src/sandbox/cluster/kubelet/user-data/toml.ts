type Json = Record<string, unknown>;

/** Where a text stops being TOML. */
export class TomlError extends Error {
  readonly reason = 'InvalidToml';
  constructor(readonly line: number, message: string) {
    super(`line ${line}: ${message}`);
  }
}

/** A cursor over the text; each `read…` leaves it behind what it read. */
class Reader {
  at = 0;
  constructor(readonly text: string) {}

  fail(message: string): never {
    throw new TomlError(this.text.slice(0, this.at).split('\n').length, message);
  }

  match(pattern: RegExp): RegExpExecArray | undefined {
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.text);
    if (found) this.at += found[0].length;
    return found ?? undefined;
  }

  expect(pattern: RegExp, what: string): RegExpExecArray {
    return this.match(pattern) ?? this.fail(`${what} expected`);
  }

  /** White space, line breaks and comments. */
  skip(): void {
    this.match(/(?:\s|#[^\n]*)*/);
  }

  readKey(): string[] {
    const keys: string[] = [];
    do {
      this.match(/[ \t]*/);
      const bare = this.match(/[A-Za-z0-9_-]+/);
      keys.push(bare ? bare[0] : this.readString());
      this.match(/[ \t]*/);
    } while (this.match(/\./));
    return keys;
  }

  readString(): string {
    const multiline = this.match(/"""\n?([\s\S]*?)"""|'''\n?([\s\S]*?)'''/);
    if (multiline) return multiline[1] === undefined ? (multiline[2] ?? '') : unescapeBasic(multiline[1].replace(/\\\n\s*/g, ''));
    const basic = this.match(/"((?:[^"\\\n]|\\.)*)"/);
    if (basic) return unescapeBasic(basic[1] as string);
    return this.expect(/'([^'\n]*)'/, 'a key or a string')[1] as string;
  }

  readValue(): unknown {
    if (/["']/.test(this.text[this.at] ?? '')) return this.readString();
    if (this.match(/\[/)) return this.readArray();
    if (this.match(/\{/)) return this.readInlineTable();
    const word = this.expect(/[^\s,#\]}]+/, 'a value')[0];
    if (word === 'true' || word === 'false') return word === 'true';
    const number = word.replace(/_/g, '');
    if (/^[+-]?(\d+(\.\d+)?([eE][+-]?\d+)?|0x[\da-fA-F]+|0o[0-7]+|0b[01]+)$/.test(number)) return Number(number);
    return /^\d{4}-\d\d-\d\d/.test(word) ? word : this.fail(`${word} is not a value; strings need quotes`);
  }

  private readArray(): unknown[] {
    const values: unknown[] = [];
    for (this.skip(); !this.match(/\]/); this.skip()) {
      values.push(this.readValue());
      this.skip();
      if (!this.match(/,/) && this.text[this.at] !== ']') this.fail('"," or "]" expected');
    }
    return values;
  }

  private readInlineTable(): Json {
    const table: Json = {};
    this.skip();
    while (!this.match(/\}/)) {
      this.readPair(table);
      this.skip();
      if (!this.match(/,/) && this.text[this.at] !== '}') this.fail('"," or "}" expected');
      this.skip();
    }
    return table;
  }

  readPair(into: Json): void {
    const keys = this.readKey();
    this.expect(/=[ \t]*/, '"="');
    const table = this.descend(into, keys.slice(0, -1));
    const last = keys.at(-1) as string;
    if (Object.hasOwn(table, last)) this.fail(`${keys.join('.')} is defined twice`);
    table[last] = this.readValue();
  }

  /** The table at a path, made on the way; the last table of an array of tables. */
  descend(from: Json, path: readonly string[]): Json {
    let table = from;
    for (const key of path) {
      if (!Object.hasOwn(table, key)) table[key] = {};
      const next = Array.isArray(table[key]) ? (table[key] as unknown[]).at(-1) : table[key];
      if (typeof next !== 'object' || next === null) this.fail(`${key} is not a table`);
      table = next as Json;
    }
    return table;
  }
}

const ESCAPES: Record<string, string> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', '"': '"', '\\': '\\' };

const unescapeBasic = (text: string): string =>
  text.replace(/\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))/gs, (_, short?: string, long?: string, other?: string) =>
    other === undefined ? String.fromCodePoint(Number.parseInt(short ?? long ?? '', 16)) : ESCAPES[other] ?? other);

/** Reads TOML as Bottlerocket's settings use it. Throws {@link TomlError}. */
export function parseToml(text: string): Json {
  const root: Json = {};
  const reader = new Reader(text.replace(/\r\n/g, '\n'));
  let table = root;
  for (reader.skip(); reader.at < reader.text.length; reader.skip()) {
    const header = reader.match(/\[\[?/);
    if (!header) reader.readPair(table);
    else {
      const path = reader.readKey();
      if (header[0] === '[[') {
        const parent = reader.descend(root, path.slice(0, -1));
        const last = path.at(-1) as string;
        const list: unknown = (parent[last] ??= []);
        if (!Array.isArray(list)) return reader.fail(`${path.join('.')} is not an array of tables`);
        list.push((table = {}));
      } else table = reader.descend(root, path);
      reader.expect(header[0] === '[[' ? /\]\]/ : /\]/, '"]"');
    }
    reader.expect(/[ \t]*(?:#[^\n]*)?(?:\n|$)/, 'the end of the line');
  }
  return root;
}
