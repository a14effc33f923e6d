/** A value of a JSON object, as it stands in the text. */
export interface JsonPart {
  readonly key: string;
  /** Position in the array, for members that are handed out element by element. */
  readonly index?: number;
  readonly bytes: Buffer;
  /** Where the value begins, from 1; columns count bytes. */
  readonly line: number;
  readonly column: number;
}

/** The text is not one JSON object. Found where values are separated; what is wrong inside a value is for its reader. */
export class JsonStructureError extends Error {
  constructor(message: string, readonly line: number, readonly column: number) {
    super(message);
  }
}

const [QUOTE, BACKSLASH, COMMA, COLON, NEWLINE] = [0x22, 0x5c, 0x2c, 0x3a, 0x0a];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Takes a JSON object apart into its members while its text arrives, and members that are long arrays into their elements, so that a text
 * of any length needs the memory of its largest part only.
 */
export class JsonSplitter {
  private depth = 0;
  /** The depth at which a comma ends a part: 1, or 2 within an array that is handed out by element. */
  private base = 1;
  private inString = false;
  private escaped = false;
  private ended = false;
  private key: string | undefined;
  private index = 0;
  private members = 0;
  /** Where the part being read starts in the chunk; -1 between parts. */
  private start = -1;
  /** The beginning of that part, from earlier chunks. */
  private carried: Buffer[] = [];
  private line = 1;
  /** Offset of the current line in the whole text, and of the chunk. */
  private lineStart = 0;
  private chunkStart = 0;
  private partLine = 1;
  private partColumn = 1;
  private afterArray = false;

  constructor(private readonly byElement: ReadonlySet<string>, private readonly take: (part: JsonPart) => void) {}

  /** Throws a {@link JsonStructureError}, and whatever `take` throws. */
  push(chunk: Buffer): void {
    const begin = this.chunkStart === 0 && BYTE_ORDER_MARK.every((byte, at) => chunk[at] === byte) ? BYTE_ORDER_MARK.length : 0;
    for (let at = begin; at < chunk.length; at += 1) {
      const byte = chunk[at] as number;
      if (this.inString) {
        if (this.escaped) this.escaped = false;
        else if (byte === BACKSLASH) this.escaped = true;
        else if (byte === QUOTE) this.inString = false;
        continue;
      }
      if (byte > COLON && byte !== OPEN_ARRAY && byte !== CLOSE_ARRAY && byte !== OPEN_OBJECT && byte !== CLOSE_OBJECT) {
        if (this.start < 0) this.begin(at);
        continue;
      }
      switch (byte) {
        case NEWLINE:
          this.line += 1;
          this.lineStart = this.chunkStart + at + 1;
          break;
        case 0x20: case 0x0d: case 0x09:
          break;
        case QUOTE:
          this.inString = true;
          if (this.start < 0) this.begin(at);
          break;
        case COMMA:
          if (this.depth === this.base) this.separate(chunk, at);
          break;
        case COLON:
          if (this.depth === 1) this.name(chunk, at);
          break;
        case OPEN_OBJECT: case OPEN_ARRAY:
          this.open(byte, at);
          break;
        case CLOSE_OBJECT: case CLOSE_ARRAY:
          this.close(byte, chunk, at);
          break;
        default:
          if (this.start < 0) this.begin(at);
      }
    }
    if (this.start >= 0) {
      this.carried.push(chunk.subarray(this.start));
      this.start = 0;
    }
    this.chunkStart += chunk.length;
  }

  /** The text is over. Throws a {@link JsonStructureError} when the object is not. */
  end(): void {
    if (this.ended) return;
    // What stops in the middle is best explained by its own reader.
    if (this.start >= 0 && this.key !== undefined) this.emit(Buffer.alloc(0), 0);
    throw this.error('the file ends before its JSON object does', this.chunkStart);
  }

  private begin(at: number): void {
    if (this.ended) throw this.error('there is more text after the JSON object', this.chunkStart + at);
    if (this.depth === 0) throw this.error('a JSON object {…} is expected here', this.chunkStart + at);
    if (this.afterArray) throw this.error('"," or "}" is expected here', this.chunkStart + at);
    this.start = at;
    this.partLine = this.line;
    this.partColumn = this.chunkStart + at - this.lineStart + 1;
  }

  private open(byte: number, at: number): void {
    if (this.depth === 0 && byte === OPEN_OBJECT && !this.ended) {
      this.depth = 1;
      return;
    }
    if (this.start < 0 && this.depth === 1 && byte === OPEN_ARRAY && this.key !== undefined && this.byElement.has(this.key)) {
      this.depth = 2;
      this.base = 2;
      this.index = 0;
      return;
    }
    if (this.start < 0) this.begin(at);
    this.depth += 1;
  }

  private close(byte: number, chunk: Buffer, at: number): void {
    if (this.depth > this.base) {
      this.depth -= 1;
      return;
    }
    if (this.depth === 0 || (this.base === 2) !== (byte === CLOSE_ARRAY)) throw this.error(`"${String.fromCharCode(byte)}" closes nothing here`, this.chunkStart + at);
    if (this.start >= 0) this.emit(chunk, at);
    else if (this.base === 2 ? this.index > 0 : this.key !== undefined ? !this.afterArray : this.members > 0) throw this.error(`a ${this.key === undefined ? 'key' : 'value'} is expected here`, this.chunkStart + at);
    this.depth -= 1;
    if (this.base === 2) {
      this.base = 1;
      this.afterArray = true;
    } else this.ended = true;
  }

  private separate(chunk: Buffer, at: number): void {
    if (this.start >= 0) this.emit(chunk, at);
    else if (!this.afterArray) throw this.error('a value is expected before this comma', this.chunkStart + at);
    if (this.base === 2) this.index += 1;
    else {
      this.key = undefined;
      this.members += 1;
      this.afterArray = false;
    }
  }

  /** What came before the colon is a key. */
  private name(chunk: Buffer, at: number): void {
    if (this.key !== undefined) return;
    const text = this.start < 0 ? '' : this.taken(chunk, at).toString();
    try {
      this.key = String(JSON.parse(text));
    } catch {
      throw this.error(`${text.trim() || 'nothing'} is no key: a string in quotes is expected before ":"`, this.chunkStart + at);
    }
  }

  private emit(chunk: Buffer, at: number): void {
    const bytes = this.taken(chunk, at);
    if (this.key === undefined) throw new JsonStructureError('":" and a value are expected after this key', this.partLine, this.partColumn);
    this.take({ key: this.key, ...(this.base === 2 ? { index: this.index } : {}), bytes, line: this.partLine, column: this.partColumn });
  }

  private taken(chunk: Buffer, at: number): Buffer {
    const last = chunk.subarray(this.start, at);
    const bytes = this.carried.length === 0 ? last : Buffer.concat([...this.carried, last]);
    this.carried = [];
    this.start = -1;
    return bytes;
  }

  private error(message: string, offset: number): JsonStructureError {
    return new JsonStructureError(message, this.line, offset - this.lineStart + 1);
  }
}
