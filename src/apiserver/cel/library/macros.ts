import type { ASTNode, Environment } from '@marcbachmann/cel-js';
import { Optional, ParseError } from '@marcbachmann/cel-js';
import { sorted } from './lists.js';

/** A context of the library's, in which one more variable is known. */
interface Context {
  forkWithVariable(name: string, type: unknown): Context;
  reuse(outer: Context): Context;
  setIterValue(value: unknown, evaluator: Evaluator): Context;
}
interface Evaluator {
  run(node: ASTNode, context: Context): unknown;
}
interface Checker {
  check(node: ASTNode, context: Context): unknown;
  getType(name: string): unknown;
}
interface Expansion {
  args: readonly ASTNode[];
  receiver: ASTNode;
}
type Variables = (values: readonly unknown[]) => (part: ASTNode) => unknown;

/**
 * A macro whose first arguments name variables of the others.
 * @param run gets the value of what the macro was called on, and what evaluates a part with values of the variables.
 */
const macro = (variables: number, result: string, run: (target: never, parts: readonly ASTNode[], within: Variables) => unknown) =>
  ({ args, receiver }: Expansion): object => {
    const names = args.slice(0, variables).map((arg) => {
      if (arg.op !== 'id') throw new ParseError('argument must be a simple name', arg);
      return arg.args;
    });
    const parts = args.slice(variables);
    let scopes: Context[] = [];
    return {
      args,
      async: false,
      typeCheck(checker: Checker, _macro: unknown, context: Context) {
        checker.check(receiver, context);
        scopes = [];
        for (const name of names) scopes.push((scopes.at(-1) ?? context).forkWithVariable(name, checker.getType('dyn')));
        for (const part of parts) checker.check(part, scopes.at(-1)!);
        return checker.getType(result);
      },
      evaluate(evaluator: Evaluator, _macro: unknown, context: Context) {
        const within: Variables = (values) => (part) => evaluator.run(part, values.reduce<Context>((outer, value, index) => scopes[index]!.reuse(outer).setIterValue(value, evaluator), context));
        return run(evaluator.run(receiver, context) as never, parts, within);
      },
    };
  };

type Collection = readonly unknown[] | ReadonlyMap<unknown, unknown> | Readonly<Record<string, unknown>>;

/** Items by their indexes, values by their keys. */
function entriesOf(collection: Collection): [unknown, unknown][] {
  if (Array.isArray(collection)) return collection.map((item: unknown, index) => [BigInt(index), item]);
  return collection instanceof Map ? [...(collection as ReadonlyMap<unknown, unknown>)] : Object.entries(collection);
}

/** The first answer that settles it; an error counts only where nothing does. */
function settled(answers: readonly (() => unknown)[], settles: boolean): boolean {
  let failure: { error: unknown } | undefined;
  for (const answer of answers) {
    try {
      if (answer() === settles) return settles;
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure) throw failure.error;
  return !settles;
}

/** What is left of the entries, with the last part made of each: a filter may come before it. */
const transformed = (collection: Collection, parts: readonly ASTNode[], within: Variables): [unknown, unknown][] =>
  entriesOf(collection).filter((entry) => parts.length === 1 || within(entry)(parts[0]!) === true).map((entry) => [entry[0], within(entry)(parts.at(-1)!)]);

/** `optMap` and `optFlatMap`, macros over two variables, and `sortBy`. */
export function registerMacros(environment: Environment): void {
  const register = (signature: string, handler: ReturnType<typeof macro>): void => void environment.registerFunction(signature, handler as never);
  register('optional<dyn>.optMap(ast, ast): optional<dyn>', macro(1, 'optional<dyn>', (optional: Optional, [part], within) => (optional.hasValue() ? Optional.of(within([optional.value()])(part!)) : optional)));
  register('optional<dyn>.optFlatMap(ast, ast): optional<dyn>', macro(1, 'optional<dyn>', (optional: Optional, [part], within) => (optional.hasValue() ? within([optional.value()])(part!) : optional)));
  register('list.sortBy(ast, ast): list<dyn>', macro(1, 'list<dyn>', (list: readonly unknown[], [part], within) => sorted(list.map((item) => ({ item, key: within([item])(part!) })), ({ key }) => key).map(({ item }) => item)));
  for (const target of ['list', 'map']) {
    register(`${target}.all(ast, ast, ast): bool`, macro(2, 'bool', (items: Collection, [part], within) => settled(entriesOf(items).map((entry) => () => within(entry)(part!)), false)));
    register(`${target}.exists(ast, ast, ast): bool`, macro(2, 'bool', (items: Collection, [part], within) => settled(entriesOf(items).map((entry) => () => within(entry)(part!)), true)));
    for (const name of ['existsOne', 'exists_one']) register(`${target}.${name}(ast, ast, ast): bool`, macro(2, 'bool', (items: Collection, [part], within) => entriesOf(items).filter((entry) => within(entry)(part!) === true).length === 1));
    for (const asts of ['ast, ast, ast', 'ast, ast, ast, ast']) {
      register(`${target}.transformList(${asts}): list<dyn>`, macro(2, 'list<dyn>', (items: Collection, parts, within) => transformed(items, parts, within).map(([, made]) => made)));
      register(`${target}.transformMap(${asts}): map<dyn, dyn>`, macro(2, 'map<dyn, dyn>', (items: Collection, parts, within) => new Map(transformed(items, parts, within))));
      register(`${target}.transformMapEntry(${asts}): map<dyn, dyn>`, macro(2, 'map<dyn, dyn>', (items: Collection, parts, within) => new Map(transformed(items, parts, within).flatMap(([, made]) => entriesOf(made as Collection)))));
    }
  }
}
