import type { Environment, ParseResult } from '@marcbachmann/cel-js';
import { libraryEnvironment } from '../cel/environment.js';
import { evaluationProblem, parseExpression, RuleSyntaxError } from '../cel/rule.js';

/** What expressions of admission policies may name. */
export type PolicyVariable = 'object' | 'oldObject' | 'request' | 'params' | 'namespaceObject' | 'variables';

const NAMES: readonly PolicyVariable[] = ['object', 'oldObject', 'request', 'params', 'namespaceObject', 'variables'];

/** CEL as admission policies see it; the types come with the values. */
export const policyEnvironment: Environment = NAMES.reduce((environment, name) => environment.registerVariable(name, 'dyn'), libraryEnvironment.clone());

/** Thrown when an expression cannot be carried out on a request. */
export class ExpressionError extends Error {
  readonly reason = 'ExpressionFailed';
  constructor(readonly expression: string, problem: string) {
    super(`expression '${expression}' resulted in error: ${problem}`);
  }
}

const programs = new Map<string, ParseResult>();
/** Policies are few; beyond this many expressions the oldest are compiled again when they are needed. */
const REMEMBERED = 2000;

/** Compiles an expression, once; @throws {RuleSyntaxError}. */
export function compilePolicyExpression(expression: string): ParseResult {
  let program = programs.get(expression);
  if (!program) {
    program = parseExpression(policyEnvironment, expression);
    if (programs.size >= REMEMBERED) programs.delete(programs.keys().next().value!);
    programs.set(expression, program);
  }
  return program;
}

/** The value of an expression; @throws {ExpressionError}. */
export function evaluatePolicyExpression(expression: string, values: Readonly<Record<PolicyVariable, unknown>>): unknown {
  try {
    return compilePolicyExpression(expression)(values) as unknown;
  } catch (error) {
    throw new ExpressionError(expression, error instanceof RuleSyntaxError ? error.message : evaluationProblem(error));
  }
}

/** The `variables` of a policy: each is evaluated when it is first asked for, may use those before it, and keeps its value or its error. */
export function lazyVariables(variables: readonly { name: string; expression: string }[], values: Readonly<Record<Exclude<PolicyVariable, 'variables'>, unknown>>): Record<string, unknown> {
  const lazy: Record<string, unknown> = {};
  for (const { name, expression } of variables) {
    let known: { value: unknown } | { error: unknown } | undefined;
    Object.defineProperty(lazy, name, {
      enumerable: true,
      get: () => {
        if (!known) {
          try {
            known = { value: evaluatePolicyExpression(expression, { ...values, variables: lazy }) };
          } catch (error) {
            known = { error };
          }
        }
        if ('error' in known) throw known.error;
        return known.value;
      },
    });
  }
  return lazy;
}
