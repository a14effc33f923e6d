/** A piece of a YAML stream. */
export interface YamlPart {
  /** Of an element: the member that is handed out by element, and the position in it. Without: the rest of a document. */
  readonly key?: string;
  readonly index?: number;
  /** Whole lines; indented as in the file, with a space in place of an element's dash. */
  readonly text: string;
  /** Of the first line, from 1. */
  readonly line: number;
}

const DOCUMENT = /^(?:---|\.\.\.)(?=\s|$)/;
const MEMBER = /^(\w+):\s*(?:#.*)?$/;
const ELEMENT = /^( *)-(?= |$)/;

/**
 * Takes a YAML stream apart into its documents while its text arrives, and top-level lists of the given names into their elements, by
 * indentation alone. What is left of such a document keeps an empty line for each line that was taken out.
 */
export class YamlSplitter {
  private unfinished = '';
  private lineNumber = 0;
  private rest: string[] = [];
  private restLine = 1;
  /** Lines taken out since the last one of `rest`. */
  private taken = 0;
  private list: { readonly key: string; indent: number | undefined; index: number } | undefined;
  private element: string[] = [];
  private elementLine = 1;

  constructor(private readonly byElement: ReadonlySet<string>, private readonly take: (part: YamlPart) => void) {}

  push(text: string): void {
    const lines = (this.unfinished + text).split('\n');
    this.unfinished = lines.pop() as string;
    for (const line of lines) this.line(line);
  }

  end(): void {
    if (this.unfinished !== '') this.line(this.unfinished);
    this.endDocument();
  }

  private line(line: string): void {
    this.lineNumber += 1;
    const separator = DOCUMENT.exec(line);
    if (separator) {
      this.endDocument();
      this.restLine = this.lineNumber;
      this.keep(line.slice(separator[0].length));
      return;
    }
    if (this.list && this.inList(line)) {
      this.taken += 1;
      return;
    }
    this.endList();
    this.keep(line);
    const key = MEMBER.exec(line)?.[1];
    if (key !== undefined && this.byElement.has(key)) this.list = { key, indent: undefined, index: 0 };
  }

  private keep(line: string): void {
    if (this.taken > 0) this.rest.push('\n'.repeat(this.taken - 1));
    this.taken = 0;
    this.rest.push(line);
  }

  private inList(line: string): boolean {
    const list = this.list as NonNullable<typeof this.list>;
    const indent = line.search(/[^ \r]/);
    if (indent < 0 || (line[indent] === '#' && this.element.length === 0)) {
      if (this.element.length > 0) this.element.push(line);
      return true;
    }
    const dash = ELEMENT.exec(line)?.[1]?.length;
    if (dash !== undefined && dash === (list.indent ?? dash)) {
      this.endElement();
      list.indent = dash;
      this.elementLine = this.lineNumber;
      this.element.push(`${line.slice(0, dash)} ${line.slice(dash + 1)}`);
      return true;
    }
    if (list.indent === undefined || indent <= list.indent) return false;
    this.element.push(line);
    return true;
  }

  private endElement(): void {
    if (this.element.length === 0 || !this.list) return;
    const { key, index } = this.list;
    this.take({ key, index, text: this.element.join('\n'), line: this.elementLine });
    this.element = [];
    this.list.index += 1;
  }

  private endList(): void {
    this.endElement();
    this.list = undefined;
  }

  private endDocument(): void {
    this.endList();
    if (this.rest.some((line) => line.trim() !== '' && !line.startsWith('%'))) this.take({ text: this.rest.join('\n'), line: this.restLine });
    this.rest = [];
    this.taken = 0;
    this.restLine = this.lineNumber + 1;
  }
}
