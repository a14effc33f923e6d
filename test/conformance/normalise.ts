import type { JsonObject } from '../../src/apiserver/index.js';

const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
/** Longer texts are shortened, in characters. */
const LONG = 1_500;
/** What only the embedded server adds: see README.md. */
const DID_YOU_MEAN = / \(did you mean [^)]*\)/g;
const ASKED_VERSION = /(resourceVersion=|in record \()\d{2,}/g;
/** What CEL calls the type of `self`, which Kubernetes makes up anew each time. */
const SELF_TYPE = /\bselfType\d+/g;
/** Objects that Kubernetes quotes in messages. */
const JSON_TEXT = /"\{\\"(?:[^"\\]|\\.)*\}"/g;
const TOO_OLD = /(too old resource version: )\d+ \(\d+\)/g;

/** Managers come in the order of seconds, so that it depends on when one ended; conflicts with them in none. */
const unordered = (key: string, list: readonly unknown[]): boolean => key === 'managedFields' || key === 'owners' || (key === 'causes' && (list[0] as JsonObject | undefined)?.['reason'] === 'FieldManagerConflict');

/**
 * Replaces what differs from run to run by what it is: times, uids, resource versions, generated names, continue tokens. Uids and resource
 * versions are numbered in the order in which they appear, so that an object that was replaced, or was not written at all, shows.
 */
export class Normaliser {
  private readonly numbers = new Map<string, Map<string, number>>();

  /** `names` are texts of this run, such as its namespace, and what stands for them. */
  constructor(private readonly names: (readonly [string, string])[]) {}

  /** Has something stand for another text of this run. */
  hide(name: string, placeholder: string): void {
    this.names.push([name, placeholder]);
  }

  text(text: string): string {
    return this.plain(text.replace(JSON_TEXT, (whole) => this.inOrder(whole)));
  }

  /** A JSON text inside a text, with its keys in order. */
  private inOrder(quoted: string): string {
    try {
      return JSON.stringify(JSON.stringify(this.json(JSON.parse(JSON.parse(quoted) as string))));
    } catch {
      return quoted;
    }
  }

  private plain(text: string): string {
    const plain = this.names.reduce((done, [name, placeholder]) => done.replaceAll(name, placeholder), text);
    return plain.replace(UID, (uid) => this.number('uid', uid)).replace(TIME, (_, fraction?: string) => (fraction ? '<micro time>' : '<time>')).replace(ASKED_VERSION, '$1<version>').replace(DID_YOU_MEAN, '').replace(SELF_TYPE, 'selfType<number>').replace(TOO_OLD, '$1<old> (<now>)');
  }

  /** A JSON value with its keys in order. */
  json(value: unknown, key = '', parent: JsonObject = {}): unknown {
    if (typeof value === 'string') return this.string(value, key, parent);
    const items = Array.isArray(value) ? value.map((item) => this.json(item)) : undefined;
    if (items) return unordered(key, value as unknown[]) ? items.sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1)) : items;
    if (typeof value !== 'object' || value === null) return value;
    const object = value as JsonObject;
    return Object.fromEntries(Object.keys(object).sort().map((name) => [this.text(name), this.json(object[name], name, object)]));
  }

  private string(value: string, key: string, parent: JsonObject): string {
    if (key === 'resourceVersion' && /^\d+$/.test(value) && value !== '0') return this.number('version', value);
    if (key === 'storageVersionHash') return '<hash>';
    if (key === 'continue' && value !== '') return '<continue>';
    if (key === 'name' && typeof parent['generateName'] === 'string' && value.startsWith(parent['generateName'])) return `${this.text(parent['generateName'])}<generated>`;
    const text = this.text(value);
    return text.length > LONG ? `${text.slice(0, 80)}… (${text.length} characters)` : text;
  }

  private number(kind: string, value: string): string {
    const known = this.numbers.get(kind) ?? new Map<string, number>();
    this.numbers.set(kind, known);
    if (!known.has(value)) known.set(value, known.size + 1);
    return `<${kind} ${known.get(value)}>`;
  }
}
