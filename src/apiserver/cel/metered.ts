import type { ASTNode, ParseResult } from '@marcbachmann/cel-js';
import { callCost, type Operand } from './call-cost.js';
import { exactly } from './cost-range.js';
import type { Kind } from './declared-type.js';

/** What one run of an expression may cost; kube-apiserver's, about a tenth of a second of its time. */
export const CALL_LIMIT = 1_000_000;

/** Thrown when running an expression costs too much. */
export class CostLimitError extends Error {
  readonly reason = 'CostLimit';
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

type Evaluate = (evaluator: unknown, node: Metered, context: unknown) => unknown;

/** What the library's nodes are besides what it declares of them. */
interface Metered {
  op: string;
  args: unknown;
  evaluate: Evaluate;
  meta: { evaluate: Evaluate; alternate?: Metered; macro?: { evaluate: Evaluate } };
}

/** What an iteration costs besides the parts of the macro that are written out. */
const ITERATIONS: Record<string, number> = { all: 3, exists: 4, exists_one: 2, map: 12, filter: 2 };
/** Of what was made, besides its parts. */
const CREATIONS: Record<string, number> = { list: 10, map: 30 };
/** Whose cost is that of their parts. */
const FREE = new Set(['value', '&&', '||', '?:']);
const SELECTIONS = new Set(['id', '.', '.?', '[]', '[?]']);

/** An expression that counts what running it costs, by the rules of kube-apiserver; it can be run once at a time. */
export interface MeteredExpression {
  /** @throws {CostLimitError} */
  (variables: object): { value: unknown; cost: number };
  /** What its last run cost, whether or not it came to an end. */
  spent(): number;
}

export function metered(program: ParseResult): MeteredExpression {
  let cost = 0;
  /** Of each node, the value when it last ran: what a call was given. */
  const values = new Map<unknown, unknown>();
  const tooDear = new CostLimitError();
  const charge = (more: number): void => {
    cost += more;
    if (cost > CALL_LIMIT) throw tooDear;
  };

  const meter = (node: Metered, costOf: () => number): void => {
    node.evaluate = (evaluator, _node, context) => {
      // Macros that swallow errors would go on.
      if (cost > CALL_LIMIT) throw tooDear;
      const { alternate, macro, evaluate } = node.meta;
      const instead = alternate ?? (macro as Metered | undefined);
      const value = instead ? instead.evaluate(evaluator, instead, context) : evaluate(evaluator, node, context);
      values.set(node, value);
      charge(costOf());
      return value;
    };
  };
  const visit = (node: Metered): void => {
    const { alternate } = node.meta;
    if (alternate?.op === 'comprehension') {
      const { step } = alternate.args as { step: Metered };
      const [name] = node.args as [string];
      meter(step, () => ITERATIONS[name] ?? 1);
    } else meter(node, costOf(node, values));
    partsOf(node).forEach(visit);
  };
  visit(program.ast as unknown as Metered);

  const run = (variables: object): { value: unknown; cost: number } => {
    cost = 0;
    try {
      const value: unknown = program(variables as Parameters<ParseResult>[0]);
      if (cost > CALL_LIMIT) throw tooDear;
      return { value, cost };
    } catch (error) {
      throw cost > CALL_LIMIT ? tooDear : error;
    } finally {
      values.clear();
    }
  };
  return Object.assign(run, { spent: () => cost });
}

const isNode = (part: unknown): part is Metered => typeof part === 'object' && part !== null && 'op' in part && 'meta' in part;

const partsOf = ({ args }: Metered): Metered[] => (Array.isArray(args) ? args.flat(2) : [args]).filter(isNode);

function costOf(node: Metered, values: ReadonlyMap<unknown, unknown>): () => number {
  const { op } = node;
  if (FREE.has(op)) return () => 0;
  if (SELECTIONS.has(op)) return () => 1;
  const creation = CREATIONS[op];
  if (creation !== undefined) return () => creation;
  const operand = (part: ASTNode): Operand => operandOf(values.get(part));
  if (op === 'call') {
    const [name, args] = node.args as [string, ASTNode[]];
    return name === 'has' ? () => 1 : () => callCost(name, undefined, args.map(operand)).cost.max;
  }
  if (op === 'rcall') {
    const [name, target, args] = node.args as [string, ASTNode, ASTNode[]];
    return () => callCost(name, operand(target), args.map(operand)).cost.max;
  }
  const operands = partsOf(node) as unknown as ASTNode[];
  return operands.length === 2 ? () => callCost(op, undefined, operands.map(operand)).cost.max : () => 1;
}

function operandOf(value: unknown): Operand {
  if (Array.isArray(value)) return { kind: 'list', size: exactly(value.length), ...(value.length > 0 && { element: operandOf(value[0]) }) };
  if (value instanceof Map) return { kind: 'map', size: exactly(value.size) };
  if (typeof value === 'string') return { kind: 'string', size: exactly(value.length) };
  if (value instanceof Uint8Array) return { kind: 'bytes', size: exactly(value.length) };
  return { kind: KINDS[typeof value] ?? 'dyn', size: exactly(1) };
}

const KINDS: Partial<Record<string, Kind>> = { boolean: 'bool', bigint: 'int', number: 'double' };
