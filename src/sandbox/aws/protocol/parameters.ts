import { AwsError, invalidParameter } from './error.js';
import { Repeated, type XmlObject, type XmlValue } from './xml.js';

type Tree = Map<string, string | Tree>;

/**
 * The parameters of a Query-protocol request. The wire flattens nesting into dotted names with lists counted from 1
 * (`Filter.1.Value.2=x`); this reads them as the tree they stand for.
 */
export class Parameters {
  private constructor(private readonly tree: Tree) {}

  /** Of a form-encoded body. */
  static parse(body: string): Parameters {
    const root: Tree = new Map();
    for (const [name, value] of new URLSearchParams(body)) {
      const steps = name.split('.');
      const last = steps.pop() as string;
      let node = root;
      for (const step of steps) {
        let next = node.get(step);
        if (!(next instanceof Map)) node.set(step, (next = new Map()));
        node = next;
      }
      node.set(last, value);
    }
    return new Parameters(root);
  }

  static readonly empty = new Parameters(new Map());

  text(name: string): string | undefined {
    const value = this.tree.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** Throws MissingParameter when it is absent or empty. */
  required(name: string): string {
    const value = this.text(name);
    if (!value) throw new AwsError('MissingParameter', `The request must contain the parameter ${name}`);
    return value;
  }

  number(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (value.trim() === '' || !Number.isFinite(number)) throw invalidParameter(name, value, 'It must be a number.');
    return number;
  }

  flag(name: string): boolean | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (value !== 'true' && value !== 'false') throw invalidParameter(name, value, 'It must be true or false.');
    return value === 'true';
  }

  /** A structure, or one without members when it was not sent. */
  child(name: string): Parameters {
    const value = this.tree.get(name);
    return value instanceof Map ? new Parameters(value) : Parameters.empty;
  }

  has(name: string): boolean {
    return this.tree.has(name);
  }

  /** A list of structures, in order. */
  list(name: string): Parameters[] {
    return this.entries(name).flatMap((value) => (value instanceof Map ? [new Parameters(value)] : []));
  }

  /** A list of scalars, in order. */
  texts(name: string): string[] {
    return this.entries(name).flatMap((value) => (typeof value === 'string' ? [value] : []));
  }

  private entries(name: string): (string | Tree)[] {
    const value = this.tree.get(name);
    if (!(value instanceof Map)) return [];
    return [...value].sort(([a], [b]) => Number(a) - Number(b)).map(([, entry]) => entry);
  }

  /** The same text for the same parameters, whatever order they came in; `except` is left out. */
  canonical(except: readonly string[] = []): string {
    const write = (tree: Tree, top: boolean): string =>
      [...tree]
        .filter(([name]) => !(top && except.includes(name)))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => `${JSON.stringify(name)}:${typeof value === 'string' ? JSON.stringify(value) : `{${write(value, false)}}`}`)
        .join(',');
    return write(this.tree, true);
  }

  /**
   * The tree as an answer's members, each renamed. Lists (of which all names are numbers) stay lists; `item` names their
   * elements where it is not the protocol's own name.
   */
  mirror(rename: (name: string, isList: boolean, depth: number) => { element: string; item?: string }): XmlObject {
    const isList = (value: string | Tree): boolean => value instanceof Map && value.size > 0 && [...value.keys()].every((key) => /^\d+$/.test(key));
    const convert = (value: string | Tree, depth: number): XmlValue => {
      if (!(value instanceof Map)) return value;
      if (isList(value)) return [...value].sort(([a], [b]) => Number(a) - Number(b)).map(([, entry]) => convert(entry, depth));
      return Object.fromEntries([...value].map(([name, member]) => {
        const { element, item } = rename(name, isList(member), depth);
        const content = convert(member, depth + 1);
        return [element, item === undefined ? content : { [item]: new Repeated(content as XmlValue[]) }];
      }));
    };
    return convert(this.tree, 0) as XmlObject;
  }
}
