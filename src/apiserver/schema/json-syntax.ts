/** What Go's decoder says about a text that is not JSON; JavaScript's words depend on the engine. */
export function jsonSyntaxError(text: string): string {
  try {
    new Scanner(text).document();
    return 'unexpected end of JSON input';
  } catch (error) {
    return (error as Error).message;
  }
}

const END = 'unexpected end of JSON input';

/** A character as Go quotes it. */
const quote = (character: string): string => (character === "'" ? String.raw`'\''` : character === '"' ? `'"'` : `'${escaped(character)}'`);

const escaped = (character: string): string => (/[\u0080-\u00a0\u00ad]/.test(character) ? String.raw`\u00${character.codePointAt(0)!.toString(16)}` : JSON.stringify(character).slice(1, -1));

class Scanner {
  private at = 0;

  constructor(private readonly text: string) {}

  document(): void {
    this.value('looking for beginning of value');
    if (this.next() !== undefined) this.fail('after top-level value');
  }

  private value(where: string): void {
    const character = this.next();
    if (character === undefined) throw new SyntaxError(END);
    if (character === '{') this.object();
    else if (character === '[') this.array();
    else if (character === '"') this.string();
    else if (character === '-' || (character >= '0' && character <= '9')) this.number();
    else {
      const word = { t: 'true', f: 'false', n: 'null' }[character];
      if (word === undefined) this.fail(where);
      this.literal(word);
    }
  }

  private object(): void {
    this.at++;
    if (this.next() === '}') {
      this.at++;
      return;
    }
    for (;;) {
      if (this.next() === undefined) throw new SyntaxError(END);
      if (this.next() !== '"') this.fail('looking for beginning of object key string');
      this.string();
      if (this.next() !== ':') this.fail('after object key');
      this.at++;
      this.value('looking for beginning of value');
      if (this.next() === '}') break;
      if (this.next() !== ',') this.fail('after object key:value pair');
      this.at++;
    }
    this.at++;
  }

  private array(): void {
    this.at++;
    if (this.next() === ']') {
      this.at++;
      return;
    }
    for (;;) {
      this.value('looking for beginning of value');
      if (this.next() === ']') break;
      if (this.next() !== ',') this.fail('after array element');
      this.at++;
    }
    this.at++;
  }

  private string(): void {
    for (this.at++; this.text[this.at] !== '"'; this.at++) {
      const character = this.text[this.at];
      if (character === undefined) throw new SyntaxError(END);
      if (character < ' ') this.fail('in string literal');
      if (character !== '\\') continue;
      this.at++;
      if (this.text[this.at] === 'u') {
        for (let digit = 0; digit < 4; digit++) {
          this.at++;
          if (!/[0-9a-fA-F]/.test(this.text[this.at] ?? '')) this.fail(String.raw`in \u hexadecimal character escape`);
        }
      } else if (!'"\\/bfnrt'.includes(this.text[this.at] ?? 'x')) this.fail('in string escape code');
    }
    this.at++;
  }

  private number(): void {
    if (this.text[this.at] === '-') this.at++;
    if (this.text[this.at] === '0') this.at++;
    else this.digits('in numeric literal');
    if (this.text[this.at] === '.') {
      this.at++;
      this.digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.text[this.at] ?? '')) {
      this.at++;
      if (/[+-]/.test(this.text[this.at] ?? '')) this.at++;
      this.digits('in exponent of numeric literal');
    }
  }

  private digits(where: string): void {
    if (!/\d/.test(this.text[this.at] ?? '')) this.fail(where);
    while (/\d/.test(this.text[this.at] ?? '')) this.at++;
  }

  private literal(word: string): void {
    for (const expected of word) {
      if (this.text[this.at] !== expected) this.fail(`in literal ${word} (expecting ${quote(expected)})`);
      this.at++;
    }
  }

  /** The next character that is no space. */
  private next(): string | undefined {
    while (/[ \t\r\n]/.test(this.text[this.at] ?? '')) this.at++;
    return this.text[this.at];
  }

  private fail(where: string): never {
    const character = this.text[this.at];
    throw new SyntaxError(character === undefined ? END : `invalid character ${quote(character)} ${where}`);
  }
}
