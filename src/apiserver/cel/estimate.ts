import type { ASTNode } from '@marcbachmann/cel-js';
import { callCost, type Operand } from './call-cost.js';
import { exactly, plus, type Range, times, union } from './cost-range.js';
import { type DeclaredType, KEY_TYPE, type Kind } from './declared-type.js';

/** What is known of an expression before it runs. */
export interface Estimate {
  kind: Kind;
  cost: Range;
}

/**
 * Reckons what running an expression costs at most, by the rules of kube-apiserver. Its types are right.
 * @param self the type of `self` and `oldSelf`.
 */
export function estimate(expression: ASTNode, self: DeclaredType): Estimate {
  return new Estimator(self).visit(expression, new Map());
}

interface Known extends Estimate {
  /** By the schema. */
  declared?: DeclaredType | undefined;
  /** By the expression itself. */
  size?: Range | undefined;
  /** Of a list or map that the schema does not declare. */
  element?: Known | undefined;
}

type Scope = ReadonlyMap<string, Known>;

/** One loop of a macro: before it, for each item besides its predicate, and after it; what cel-go's expansions cost. */
const LOOPS: Record<string, { kind: Kind; before: number; each: Range; after: number }> = {
  all: { kind: 'bool', before: 0, each: { min: 3, max: 3 }, after: 1 },
  exists: { kind: 'bool', before: 0, each: { min: 4, max: 4 }, after: 1 },
  exists_one: { kind: 'bool', before: 0, each: { min: 1, max: 2 }, after: 2 },
  filter: { kind: 'list', before: 10, each: { min: 1, max: 13 }, after: 1 },
  map: { kind: 'list', before: 10, each: { min: 12, max: 12 }, after: 1 },
};

const RESULTS: Record<string, Kind> = {
  size: 'int', int: 'int', uint: 'int', double: 'double', string: 'string', bytes: 'bytes', bool: 'bool', duration: 'duration', timestamp: 'timestamp',
  matches: 'bool', contains: 'bool', startsWith: 'bool', endsWith: 'bool', isSorted: 'bool', hasValue: 'bool', isURL: 'bool', isIP: 'bool', isCIDR: 'bool', isQuantity: 'bool',
  lowerAscii: 'string', upperAscii: 'string', substring: 'string', trim: 'string', replace: 'string', join: 'string', find: 'string', charAt: 'string', format: 'string',
  indexOf: 'int', lastIndexOf: 'int', compareTo: 'int', sign: 'int', asInteger: 'int', isInteger: 'bool', isGreaterThan: 'bool', isLessThan: 'bool', asApproximateFloat: 'double',
  getYear: 'int', getFullYear: 'int', getMonth: 'int', getDate: 'int', getDayOfMonth: 'int', getDayOfWeek: 'int', getDayOfYear: 'int', getHours: 'int', getMinutes: 'int', getSeconds: 'int', getMilliseconds: 'int',
  family: 'int', prefixLength: 'int', containsIP: 'bool', containsCIDR: 'bool', getHost: 'string', getHostname: 'string', getScheme: 'string', getPort: 'string', getEscapedPath: 'string',
};
/** Lists of texts, the longest of which is as long as what they were taken from. */
const PIECES = new Set(['split', 'findAll']);
const UNKNOWN: Range = { min: 0, max: Infinity };
const SCALARS: ReadonlySet<Kind> = new Set(['bool', 'int', 'double', 'duration', 'timestamp']);

class Estimator {
  constructor(private readonly self: DeclaredType) {}

  visit(node: ASTNode, scope: Scope): Known {
    switch (node.op) {
      case 'value':
        return literal(node.args);
      case 'id':
        return this.name(node.args, scope);
      case '.':
        return this.select(node.args[0], node.args[1], scope);
      case '.?':
      case '[?]': {
        const from = this.visit(node.args[0], scope);
        const held = node.op === '.?' && typeof node.args[1] === 'string' ? from.declared?.fields?.get(node.args[1]) : undefined;
        // What an optional holds has no size of its own.
        return { kind: 'dyn', cost: plus(from.cost, exactly(1), node.op === '[?]' ? this.visit(node.args[1], scope).cost : exactly(0)), size: exactly(1), ...(held && { element: { kind: held.kind, cost: exactly(0) } }) };
      }
      case '[]': {
        const [from, index] = [this.visit(node.args[0], scope), this.visit(node.args[1], scope)];
        return { ...elementOf(from), cost: plus(from.cost, index.cost, exactly(1)) };
      }
      case '&&':
      case '||': {
        const [left, right] = node.args.map((part) => this.visit(part, scope)) as [Known, Known];
        return { kind: 'bool', cost: { min: left.cost.min, max: left.cost.max + right.cost.max } };
      }
      case '?:': {
        const [condition, yes, no] = node.args.map((part) => this.visit(part, scope)) as [Known, Known, Known];
        return { ...yes, declared: undefined, cost: plus(condition.cost, union(yes.cost, no.cost)), size: union(sizeOf(yes), sizeOf(no)), element: elementOf(yes) };
      }
      case 'list': {
        const items = node.args.map((item) => this.visit(item, scope));
        return { kind: 'list', cost: plus(...items.map(({ cost }) => cost), exactly(10)), size: exactly(items.length), ...(items[0] && { element: items[0] }) };
      }
      case 'map': {
        const entries = node.args.map(([key, value]) => [this.visit(key, scope), this.visit(value, scope)] as const);
        return { kind: 'map', cost: plus(...entries.flat().map(({ cost }) => cost), exactly(30)), size: exactly(entries.length), ...(entries[0] && { element: entries[0][1] }) };
      }
      case '!_':
      case '-_': {
        const operand = this.visit(node.args, scope);
        return { kind: node.op === '!_' ? 'bool' : operand.kind, cost: plus(operand.cost, exactly(1)) };
      }
      case 'call':
        return this.call(node.args[0], undefined, node.args[1], scope);
      case 'rcall':
        return this.method(node.args[0], node.args[1], node.args[2], scope);
      default:
        return this.operator(node.op, node.args, scope);
    }
  }

  private name(name: string, scope: Scope): Known {
    const cost = exactly(1);
    const bound = scope.get(name);
    if (bound) return { ...bound, cost };
    return name === 'self' || name === 'oldSelf' ? { ...declared(this.self), cost } : { kind: 'dyn', cost };
  }

  private select(from: ASTNode, field: string, scope: Scope): Known {
    const object = this.visit(from, scope);
    const found = object.declared?.fields?.get(field);
    const cost = plus(object.cost, exactly(1));
    if (found) return { ...declared(found), cost };
    return object.kind === 'map' ? { ...elementOf(object), cost } : { kind: 'dyn', cost };
  }

  private operator(sign: string, operands: readonly ASTNode[], scope: Scope): Known {
    const [left, right] = operands.map((operand) => this.visit(operand, scope)) as [Known, Known];
    const compares = sign === '==' || sign === '!=';
    const { cost, size } = callCost(sign, undefined, [operandOf(left), operandOf(right)]);
    const kind = compares || sign === 'in' || sign.startsWith('<') || sign.startsWith('>') ? 'bool' : left.kind === 'dyn' ? right.kind : left.kind;
    return { kind, cost: plus(left.cost, right.cost, cost), size, element: kind === 'list' ? elementOf(left) : undefined };
  }

  private method(name: string, receiver: ASTNode, args: readonly ASTNode[], scope: Scope): Known {
    const loop = Object.hasOwn(LOOPS, name) ? LOOPS[name] : undefined;
    if (loop && args.length >= 2 && args[0]!.op === 'id') return this.loop(name, loop, this.visit(receiver, scope), args, scope);
    if (name === 'bind' && receiver.op === 'id' && receiver.args === 'cel' && args.length === 3 && args[0]!.op === 'id') {
      const value = this.visit(args[1]!, scope);
      const result = this.visit(args[2]!, new Map(scope).set(args[0]!.args as string, value));
      return { ...result, cost: plus(exactly(10), value.cost, result.cost) };
    }
    // `format.dns1123Label()` and the like: a name space is no value.
    const isNamespace = receiver.op === 'id' && !scope.has(receiver.args) && receiver.args !== 'self' && receiver.args !== 'oldSelf';
    return this.call(name, isNamespace ? undefined : this.visit(receiver, scope), args, scope);
  }

  private call(name: string, target: Known | undefined, args: readonly ASTNode[], scope: Scope): Known {
    if (name === 'has' && !target && args[0]?.op === '.') {
      return { kind: 'bool', cost: this.visit(args[0].args[0], scope).cost };
    }
    const known = args.map((arg) => this.visit(arg, scope));
    const { cost, size } = callCost(name, target && operandOf(target), known.map(operandOf));
    const kind = this.resultKind(name, target);
    return {
      kind,
      cost: plus(...(target ? [target.cost] : []), ...known.map((arg) => arg.cost), cost),
      // Of other types' values nothing is known, nor is that held against a rule.
      size: size ?? (kind === 'dyn' ? exactly(1) : undefined),
      element: PIECES.has(name) && target ? { kind: 'string', cost: exactly(0), size: { min: 0, max: sizeOf(target).max } } : undefined,
    };
  }

  private resultKind(name: string, target: Known | undefined): Kind {
    if (PIECES.has(name)) return 'list';
    if ((name === 'orValue' || name === 'value') && target) return elementOf(target).kind;
    if (target?.kind === 'list' && ['min', 'max', 'sum'].includes(name)) return elementOf(target).kind;
    return Object.hasOwn(RESULTS, name) ? RESULTS[name]! : 'dyn';
  }

  private loop(name: string, { kind, before, each, after }: (typeof LOOPS)[string], range: Known, args: readonly ASTNode[], scope: Scope): Known {
    const item = range.kind === 'map' || range.kind === 'object' ? declared(KEY_TYPE) : elementOf(range);
    // Items of what the schema does not declare are taken to be as large as `self`.
    const inner = new Map(scope).set(args[0]!.args as string, range.declared ? item : { ...item, size: { min: 0, max: this.self.maxElements } });
    const parts = args.slice(1).map((part) => this.visit(part, inner));
    const result = parts.at(-1)!;
    const filtered = name === 'map' && parts.length === 2;
    const step = filtered ? plus(parts[0]!.cost, union(plus(result.cost, each), exactly(1))) : plus(name === 'all' || name === 'exists' ? { min: 0, max: result.cost.max } : result.cost, each);
    const size = sizeOf(range);
    return {
      kind,
      cost: plus(range.cost, exactly(before), times(size, step), exactly(after)),
      size: kind === 'list' ? size : undefined,
      element: name === 'map' ? result : name === 'filter' ? item : undefined,
    };
  }
}

const declared = (type: DeclaredType): Known => ({ kind: type.kind, cost: exactly(0), declared: type });

function elementOf({ declared: type, element }: Known): Known {
  if (type?.element) return declared(type.element);
  return element ?? { kind: 'dyn', cost: exactly(0), size: exactly(1) };
}

function sizeOf({ kind, size, declared: type }: Known): Range {
  if (size) return size;
  if (type) return { min: 0, max: type.maxElements };
  return SCALARS.has(kind) || kind === 'dyn' ? exactly(1) : UNKNOWN;
}

function operandOf(known: Known): Operand {
  const operand: Operand = { kind: known.kind, size: sizeOf(known) };
  const item = elementOf(known);
  // How large what is in a list is that the schema does not declare is nobody's guess.
  if (known.kind === 'list') operand.element = { kind: item.kind, size: known.declared || SCALARS.has(item.kind) ? sizeOf(item) : UNKNOWN };
  return operand;
}

function literal(value: unknown): Known {
  const known = (kind: Kind, size = 1): Known => ({ kind, cost: exactly(0), size: exactly(size) });
  switch (typeof value) {
    case 'string':
      return known('string', Array.from(value).length);
    case 'bigint':
      return known('int');
    case 'number':
      return known('double');
    case 'boolean':
      return known('bool');
    default:
      return value instanceof Uint8Array ? known('bytes', value.length) : known('dyn');
  }
}
