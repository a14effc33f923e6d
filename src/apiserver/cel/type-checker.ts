import type { ASTNode } from '@marcbachmann/cel-js';
import { regularExpression, regularExpressionProblem } from '../schema/regular-expression.js';
import { instantiate, overloadsOf } from './signatures.js';
import { BOOL, BYTES, type CelType, DOUBLE, DYN, ERROR, heldBy, INT, isDynOrError, lessSpecific, listOf, mapOf, NULL, optionalOf, parameter, readType, sameType, STRING, Substitutions, typeOf, typeText, UINT } from './type.js';

/** What is wrong with an expression, and where in it, from 0. */
export interface TypeProblem {
  position: number;
  message: string;
}

export interface Checked {
  /** Of the whole. */
  type: CelType;
  problems: readonly TypeProblem[];
  /** Variables that are read. */
  names: ReadonlySet<string>;
}

type Scope = ReadonlyMap<string, CelType>;

/** Checks an expression as cel-go's checker does, and in its words. */
export function checkTypes(expression: ASTNode, variables: Scope): Checked {
  const checker = new Checker();
  const type = checker.typeOf(expression, variables);
  if (checker.problems.length === 0) checker.checkLiterals(expression, false);
  return { type: checker.resolve(type), problems: checker.problems.sort((one, other) => one.position - other.position), names: checker.names };
}

const TYPE_NAMES = new Map(['bool', 'int', 'uint', 'double', 'string', 'bytes', 'null_type', 'list', 'map', 'type', 'google.protobuf.Timestamp', 'google.protobuf.Duration'].map((name) => [name, typeOf(name === 'list' ? listOf(DYN) : name === 'map' ? mapOf(DYN, DYN) : name === 'null_type' ? NULL : readType(name))]));
const LARGEST = 2n ** 63n - 1n;
const LOOPS = new Set(['all', 'exists', 'exists_one', 'existsOne', 'filter', 'map', 'sortBy']);
/** Macros over two variables, with the numbers of arguments that they take. */
const LOOPS_OF_TWO = new Map([['all', [3]], ['exists', [3]], ['exists_one', [3]], ['existsOne', [3]], ['transformList', [3, 4]], ['transformMap', [3, 4]], ['transformMapEntry', [3, 4]]]);

class Checker {
  readonly problems: TypeProblem[] = [];
  readonly names = new Set<string>();
  private readonly types = new Map<ASTNode, CelType>();
  private readonly substitutions = Substitutions.none();
  private fresh = 0;

  typeOf(node: ASTNode, scope: Scope): CelType {
    const type = this.infer(node, scope);
    this.types.set(node, type);
    return type;
  }

  resolve(type: CelType): CelType {
    return this.substitutions.resolve(type, 'dyn');
  }

  private infer(node: ASTNode, scope: Scope): CelType {
    switch (node.op) {
      case 'value':
        return typeof node.args === 'bigint' && node.args > LARGEST ? this.fail(node, 'invalid int literal') : literalType(node.args);
      case 'id': {
        const known = scope.get(node.args) ?? TYPE_NAMES.get(node.args);
        if (known) this.names.add(node.args);
        return known ?? this.undeclared(node, node.args);
      }
      case '.':
      case '.?':
        return this.select(node, node.args[0], node.args[1], node.op === '.?', scope);
      case '[]':
      case '[?]':
        return this.call(node, node.op === '[]' ? '_[_]' : '_[?_]', node.args, scope);
      case '?:':
        return this.call(node, '_?_:_', node.args, scope);
      case '&&':
      case '||': {
        // Both sides are told apart, however the other fares.
        const types = node.args.map((operand) => [operand, this.typeOf(operand, scope)] as const);
        return types.map(([operand, type]) => this.expect(operand, type, BOOL)).every(Boolean) ? BOOL : ERROR;
      }
      case '!_':
        return this.call(node, '!_', [node.args], scope);
      case '-_':
        // The smallest int is written as the negative of what is none.
        return node.args.op === 'value' && node.args.args === LARGEST + 1n ? INT : this.call(node, '-_', [node.args], scope);
      case 'list':
        return listOf(this.joined(node.args, scope));
      case 'map':
        return mapOf(this.joined(node.args.map(([key]) => key), scope), this.joined(node.args.map(([, value]) => value), scope));
      case 'call':
        return node.args[0] === 'has' ? this.presence(node, node.args[1], scope) : this.call(node, node.args[0], node.args[1], scope);
      case 'rcall':
        return this.method(node, node.args, scope);
      case 'in':
        return this.call(node, '@in', node.args, scope);
      default:
        return this.call(node, `_${node.op}_`, node.args, scope);
    }
  }

  private select(node: ASTNode, from: ASTNode, field: string, optional: boolean, scope: Scope): CelType {
    const whole = qualifiedName(node);
    const named = whole === undefined ? undefined : TYPE_NAMES.get(whole);
    if (named) return named;
    const given = this.substitutions.resolve(this.typeOf(from, scope));
    const held = heldBy(given);
    const type = this.fieldType(node, held ?? given, field);
    return held || optional ? optionalOf(type) : type;
  }

  private fieldType(node: ASTNode, target: CelType, field: string): CelType {
    if (target.name === 'map') return target.parameters[1]!;
    if (target.kind === 'struct') return target.fields?.get(field) ?? this.fail(node, `undefined field '${field}'`);
    if (target.kind === 'parameter') this.substitutions.assign([DYN], [target]);
    else if (!isDynOrError(target)) this.fail(node, `type '${typeText(target)}' does not support field selection`);
    return DYN;
  }

  private presence(node: ASTNode, args: readonly ASTNode[], scope: Scope): CelType {
    const [selection] = args;
    if (selection?.op !== '.') return this.fail(selection ?? node, 'invalid argument to has() macro');
    const given = this.substitutions.resolve(this.typeOf(selection.args[0], scope));
    this.fieldType(node, heldBy(given) ?? given, selection.args[1]);
    return BOOL;
  }

  private method(node: ASTNode, [name, target, args]: readonly [string, ASTNode, ASTNode[]], scope: Scope): CelType {
    const prefix = qualifiedName(target);
    if (prefix !== undefined && !scope.has(prefix) && overloadsOf(`${prefix}.${name}`)) return this.call(node, `${prefix}.${name}`, args, scope);
    const [first, second] = args;
    if (first?.op === 'id' && ((LOOPS.has(name) && args.length === 2) || (name === 'map' && args.length === 3))) return this.loop(node, name, target, [first.args], args.slice(1), scope);
    if (first?.op === 'id' && second?.op === 'id' && LOOPS_OF_TWO.get(name)?.includes(args.length)) return this.loop(node, name, target, [first.args, second.args], args.slice(2), scope);
    if (first?.op === 'id' && args.length === 2 && (name === 'optMap' || name === 'optFlatMap')) return this.optionalMap(node, name, target, first.args, second!, scope);
    return this.call(node, name, args, scope, target);
  }

  private loop(node: ASTNode, name: string, target: ASTNode, variables: readonly string[], parts: readonly ASTNode[], scope: Scope): CelType {
    const items = this.itemsOf(target, this.substitutions.resolve(this.typeOf(target, scope)), variables.length);
    const inner = new Map([...scope, ...variables.map((variable, index) => [variable, items[index]!] as const)]);
    const types = parts.map((part) => this.typeOf(part, inner));
    const [first, last] = [types[0]!, types.at(-1)!];
    switch (name) {
      case 'all':
      case 'exists':
        this.expect(parts[0]!, first, BOOL);
        return BOOL;
      case 'exists_one':
      case 'existsOne':
        this.applied(node, '_?_:_', [first, INT, INT], false);
        return BOOL;
      case 'sortBy': {
        const list = listOf(items[0]!);
        this.applied(node, 'sort', [listOf(last)], true);
        return list;
      }
    }
    const result = name === 'filter' ? listOf(items[0]!) : name === 'transformMap' ? mapOf(items[0]!, last) : name === 'transformMapEntry' ? last : listOf(last);
    // As the conditional that the macro stands for.
    return name === 'filter' || parts.length === 2 ? this.applied(node, '_?_:_', [first, result, result], false) : result;
  }

  /** The types of the variables of a macro over something: items or keys, or with two of them, indexes and items or keys and values. */
  private itemsOf(target: ASTNode, range: CelType, variables: number): readonly CelType[] {
    const [first, second] = range.parameters;
    if (range.name === 'list') return variables === 1 ? [first!] : [INT, first!];
    if (range.name === 'map') return [first!, second!];
    if (range.kind === 'parameter') this.substitutions.assign([DYN], [range]);
    else if (!isDynOrError(range)) {
      const failed = this.fail(target, `expression of type '${typeText(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`);
      return [failed, failed];
    }
    return [DYN, DYN];
  }

  private optionalMap(node: ASTNode, macro: string, target: ASTNode, variable: string, mapped: ASTNode, scope: Scope): CelType {
    const given = this.typeOf(target, scope);
    for (const name of ['hasValue', 'value']) this.applied(node, name, [given], true);
    const value = heldBy(this.substitutions.resolve(given)) ?? DYN;
    const result = this.typeOf(mapped, new Map(scope).set(variable, value));
    return macro === 'optMap' ? optionalOf(result) : result;
  }

  private call(node: ASTNode, name: string, args: readonly ASTNode[], scope: Scope, target?: ASTNode): CelType {
    const types = args.map((arg) => this.typeOf(arg, scope));
    return this.applied(node, name, target ? [this.typeOf(target, scope), ...types] : types, target !== undefined);
  }

  /** The type of what a function makes of values of the types. */
  private applied(node: ASTNode, name: string, given: readonly CelType[], isMember: boolean): CelType {
    const overloads = overloadsOf(name);
    if (!overloads) return this.undeclared(node, name);
    let result: CelType | undefined;
    for (const overload of overloads) {
      if (overload.isMember !== isMember) continue;
      const { parameters, result: made } = instantiate(overload, () => this.variable());
      if (!this.substitutions.assign(given, parameters)) continue;
      const type = this.substitutions.resolve(made);
      result = result === undefined || (result.kind !== 'dyn' && sameType(type, result)) ? type : DYN;
    }
    if (result) return result;
    const types = given.map((type) => typeText(this.resolve(type)));
    return this.fail(node, `found no matching overload for '${name}' applied to '${isMember ? `${types.shift()}.` : ''}(${types.join(', ')})'`);
  }

  /** The one type of all items. */
  private joined(items: readonly ASTNode[], scope: Scope): CelType {
    let joined: CelType | undefined;
    for (const item of items) {
      const type = this.typeOf(item, scope);
      if (!joined) joined = type;
      // Which of them is odd is said later, except of what is to be formatted.
      else if (this.substitutions.assign([joined], [type])) joined = lessSpecific(joined, type) ? joined : type;
      else joined = DYN;
    }
    return joined ?? this.variable();
  }

  private expect(node: ASTNode, type: CelType, wanted: CelType): boolean {
    if (this.substitutions.assign([type], [wanted])) return true;
    this.fail(node, `expected type '${typeText(this.substitutions.resolve(wanted))}' but found '${typeText(this.substitutions.resolve(type))}'`);
    return false;
  }

  /** What can be told of literals once the types are right. */
  checkLiterals(node: ASTNode, mixed: boolean): void {
    if (node.op === 'list' && !mixed) this.checkAlike(node.args);
    if (node.op === 'map' && !mixed) [0, 1].forEach((side) => this.checkAlike(node.args.map((entry) => entry[side]!)));
    const [name, literal] = node.op === 'call' ? [node.args[0], node.args[1][0]] : node.op === 'rcall' ? [node.args[0], node.args[2][0]] : [];
    if (literal?.op === 'value' && typeof literal.args === 'string' && Object.hasOwn(LITERALS, name!) && !LITERALS[name!]!(literal.args)) this.fail(literal, `invalid ${name} argument`);
    for (const part of partsOf(node)) this.checkLiterals(part, mixed || (node.op === 'rcall' && node.args[0] === 'format'));
  }

  private checkAlike(items: readonly ASTNode[]): void {
    const [first, ...others] = items.map((item) => this.resolve(this.types.get(item) ?? DYN));
    const odd = others.findIndex((type) => !sameType(type, first!));
    if (odd >= 0) this.fail(items[odd + 1]!, `expected type '${typeText(first!)}' but found '${typeText(others[odd]!)}'`);
  }

  private variable(): CelType {
    this.fresh += 1;
    return parameter(`_var${this.fresh}`);
  }

  private undeclared(node: ASTNode, name: string): CelType {
    return this.fail(node, `undeclared reference to '${name}' (in container '')`);
  }

  private fail(node: ASTNode, message: string): CelType {
    this.problems.push({ position: positionOf(node), message });
    return ERROR;
  }
}

/** The first pattern for Go's own functions that is none, where they are told when they are put together; cel-go itself looks at those of `matches`. */
export function brokenPattern(node: ASTNode): string | undefined {
  const pattern = node.op === 'rcall' && (node.args[0] === 'find' || node.args[0] === 'findAll') ? node.args[2][0] : node.op === 'call' && node.args[0] === 'matches' ? node.args[1][1] : undefined;
  const problem = pattern?.op === 'value' && typeof pattern.args === 'string' ? regularExpressionProblem(pattern.args) : undefined;
  return problem ?? partsOf(node).map(brokenPattern).find((found) => found !== undefined);
}

const DURATION = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
/** What a literal argument of these has to be. */
const LITERALS: Record<string, (text: string) => boolean> = {
  matches: (text) => regularExpression(text) !== undefined,
  duration: (text) => DURATION.test(text),
  timestamp: (text) => /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)),
};

function literalType(value: unknown): CelType {
  switch (typeof value) {
    case 'string':
      return STRING;
    case 'bigint':
      return INT;
    case 'number':
      return DOUBLE;
    case 'boolean':
      return BOOL;
    default:
      return value === null ? NULL : value instanceof Uint8Array ? BYTES : UINT;
  }
}

/** `a.b` of names with nothing but dots between them. */
function qualifiedName(node: ASTNode): string | undefined {
  if (node.op === 'id') return node.args;
  const prefix = node.op === '.' ? qualifiedName(node.args[0]) : undefined;
  return prefix === undefined ? undefined : `${prefix}.${String((node.args as readonly unknown[])[1])}`;
}

const isNode = (part: unknown): part is ASTNode => typeof part === 'object' && part !== null && 'op' in part;

/** The expressions that an expression is made of. */
function partsOf({ args }: ASTNode): ASTNode[] {
  const nodes = (part: unknown): ASTNode[] => (Array.isArray(part) ? part.flatMap(nodes) : isNode(part) ? [part] : []);
  return nodes(args);
}

/** Where cel-go points to: at dots, brackets and operators rather than at what they begin with. */
export function positionOf({ op, args, input, start, end }: ASTNode): number {
  switch (op) {
    case '.':
    case '.?':
      return end - args[1].length - op.length;
    case '[]':
    case '[?]':
      return input.indexOf('[', args[0].end);
    case 'rcall':
      return input.indexOf('(', input.indexOf('.', args[1].end));
    case 'call':
      return input.indexOf('(', start);
    case '?:':
      return input.indexOf('?', args[0].end);
    case 'id':
    case 'value':
    case 'list':
    case 'map':
    case '!_':
    case '-_':
      return start;
    default:
      return input.indexOf(op, args[0].end);
  }
}
