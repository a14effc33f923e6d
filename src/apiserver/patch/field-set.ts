import type { JsonObject } from '../contracts.js';

const MEMBER = '.';

/**
 * An immutable set of field paths, as a tree. Edges are the keys of `fieldsV1`: `f:name` (a field), `k:{"name":"a"}` (an item of a
 * list by its keys), `v:"x"` (an item of a set).
 */
export class FieldSet {
  static readonly EMPTY = new FieldSet(false, new Map());
  static readonly LEAF = new FieldSet(true, new Map());

  private constructor(
    /** Whether the path that leads here is itself in the set. */
    readonly member: boolean,
    readonly children: ReadonlyMap<string, FieldSet>,
  ) {}

  static of(member: boolean, children: ReadonlyMap<string, FieldSet>): FieldSet {
    if (children.size === 0) return member ? FieldSet.LEAF : FieldSet.EMPTY;
    return new FieldSet(member, children);
  }

  /**
   * Reads `fieldsV1`. The outermost object is no member; further in, an empty object is.
   * What leads to things that nobody knows is left out.
   * @throws {TypeError} for keys that are no edges.
   */
  static fromJson(fields: JsonObject): FieldSet {
    return FieldSet.of(
      false,
      new Map(edgesOf(fields)),
    );
  }

  /** Writes `fieldsV1`, with sorted keys. */
  toJson(): JsonObject {
    return this.entries();
  }

  get isEmpty(): boolean {
    return !this.member && this.children.size === 0;
  }

  /** Without the path itself, but with what is below it. */
  asParent(): FieldSet {
    return FieldSet.of(false, this.children);
  }

  has(path: readonly string[]): boolean {
    const node = this.at(path);
    return node?.member ?? false;
  }

  at(path: readonly string[]): FieldSet | undefined {
    let node: FieldSet | undefined = this as FieldSet;
    for (const key of path) node = node?.children.get(key);
    return node;
  }

  union(other: FieldSet): FieldSet {
    if (other.isEmpty || other === this) return this;
    if (this.isEmpty) return other;
    const children = new Map(this.children);
    for (const [key, child] of other.children) {
      const own = children.get(key);
      children.set(key, own ? own.union(child) : child);
    }
    return FieldSet.of(this.member || other.member, children);
  }

  difference(other: FieldSet): FieldSet {
    if (other.isEmpty || this.isEmpty) return this;
    const children = new Map<string, FieldSet>();
    for (const [key, child] of this.children) {
      const taken = other.children.get(key);
      const left = taken ? child.difference(taken) : child;
      if (!left.isEmpty) children.set(key, left);
    }
    return FieldSet.of(this.member && !other.member, children);
  }

  /**
   * As {@link difference}, but a path below which the other set has any member is not left over: a field that was owned whole, before
   * its schema became known, lives on as its parts.
   */
  beyond(other: FieldSet): FieldSet {
    if (other.isEmpty || this.isEmpty) return this;
    const children = new Map<string, FieldSet>();
    for (const [key, child] of this.children) {
      const kept = other.children.get(key);
      const left = kept ? child.beyond(kept) : child;
      if (!left.isEmpty) children.set(key, left);
    }
    return FieldSet.of(false, children);
  }

  intersection(other: FieldSet): FieldSet {
    if (other === this) return this;
    const children = new Map<string, FieldSet>();
    for (const [key, child] of this.children) {
      const common = other.children.get(key)?.intersection(child);
      if (common && !common.isEmpty) children.set(key, common);
    }
    return FieldSet.of(this.member && other.member, children);
  }

  /** Without the subtrees at some edges. */
  without(...edges: readonly string[]): FieldSet {
    if (!edges.some((edge) => this.children.has(edge))) return this;
    const children = new Map(this.children);
    for (const edge of edges) children.delete(edge);
    return FieldSet.of(this.member, children);
  }

  /** With another subtree at one edge; an empty one removes it. */
  with(edge: string, subtree: FieldSet): FieldSet {
    const children = new Map(this.children);
    if (subtree.isEmpty) children.delete(edge);
    else children.set(edge, subtree);
    return FieldSet.of(this.member, children);
  }

  /** Every path in the set, in Kubernetes' order: what is here before what is further in. */
  *paths(prefix: readonly string[] = []): Generator<readonly string[]> {
    const children = [...this.children].sort(([left], [right]) => (left < right ? -1 : 1));
    for (const [key, { member }] of children) if (member) yield [...prefix, key];
    for (const [key, child] of children) yield* child.paths([...prefix, key]);
  }

  private entries(): JsonObject {
    const json: JsonObject = {};
    for (const key of [...this.children.keys()].sort()) {
      const child = this.children.get(key)!;
      json[key] = child.member && child.children.size > 0 ? { [MEMBER]: {}, ...child.entries() } : child.entries();
    }
    return json;
  }
}

function edgesOf(fields: JsonObject): [string, FieldSet][] {
  return Object.entries(fields).flatMap(([key, value]): [string, FieldSet][] => {
    if (key === MEMBER) return [];
    if (key[1] !== ':') throw new TypeError(`${JSON.stringify(key)} leads nowhere`);
    return /^[fkvi]/.test(key) ? [[key, readNode(value as JsonObject)]] : [];
  });
}

function readNode(value: JsonObject): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [key, child] of edgesOf(value)) children.set(key, child);
  return FieldSet.of(children.size === 0 || Object.hasOwn(value, MEMBER), children);
}

/** A path as Kubernetes prints it: `.spec.containers[name="a"].image`. */
export function formatPath(path: readonly string[]): string {
  return path
    .map((key) => {
      const content = key.slice(2);
      if (key.startsWith('f:')) return `.${content}`;
      if (key.startsWith('v:')) return `[=${content}]`;
      if (!key.startsWith('k:')) return `[${content}]`;
      const keys = Object.entries(JSON.parse(content) as JsonObject);
      return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
    })
    .join('');
}
