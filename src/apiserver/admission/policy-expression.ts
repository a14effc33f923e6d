import type { Environment } from '@marcbachmann/cel-js';
import { libraryEnvironment } from '../cel/environment.js';
import { CostLimitError, metered, type MeteredExpression } from '../cel/metered.js';
import type { CostBudget } from './cost-budget.js';
import { evaluationProblem } from '../cel/evaluation-problem.js';
import { parseExpression, RuleSyntaxError } from '../cel/rule.js';

/** What expressions of admission policies may name. */
export type PolicyVariable = 'object' | 'oldObject' | 'request' | 'params' | 'namespaceObject' | 'authorizer' | 'variables';

const NAMES: readonly PolicyVariable[] = ['object', 'oldObject', 'request', 'params', 'namespaceObject', 'authorizer', 'variables'];

/** CEL as admission policies see it; the types come with the values. */
export const policyEnvironment: Environment = NAMES.reduce((environment, name) => environment.registerVariable(name, 'dyn'), libraryEnvironment.clone());

/** Thrown when an expression cannot be carried out on a request. */
export class ExpressionError extends Error {
  readonly reason = 'ExpressionFailed';
}

const programs = new Map<string, MeteredExpression>();
/** Policies are few; beyond this many expressions the oldest are compiled again when they are needed. */
const REMEMBERED = 2000;

/** @throws {RuleSyntaxError} */
function compiled(expression: string): MeteredExpression {
  let program = programs.get(expression);
  if (!program) {
    program = metered(parseExpression(policyEnvironment, expression));
    if (programs.size >= REMEMBERED) programs.delete(programs.keys().next().value!);
    programs.set(expression, program);
  }
  return program;
}

type Values = Readonly<Record<PolicyVariable, unknown>>;

/** What went wrong with an expression, in words. */
const problemOf = (error: unknown): string => (error instanceof RuleSyntaxError || error instanceof CostLimitError ? error.message : evaluationProblem(error));

/**
 * The value of an expression.
 * @throws {ExpressionError}
 * @throws {OutOfBudgetError} when it, and the variables that it was the first to ask for, cost more than there is left.
 */
export function evaluatePolicyExpression(expression: string, values: Values, budget: CostBudget): unknown {
  let program: MeteredExpression | undefined;
  let failure: unknown;
  let value: unknown;
  try {
    program = compiled(expression);
    ({ value } = program(values));
  } catch (error) {
    failure = error;
  }
  budget.spend(program?.spent() ?? 0);
  if (failure !== undefined) throw new ExpressionError(`expression '${expression}' resulted in error: ${problemOf(failure)}`);
  return value;
}

/**
 * Whether all conditions hold: one that does not decides, even if others cannot be decided.
 * @throws {ExpressionError} for those that cannot
 * @throws {OutOfBudgetError} when they cost too much together
 */
export function allHold(conditions: readonly { expression: string }[], values: Values, budget: CostBudget): boolean {
  const errors: ExpressionError[] = [];
  let holds = true;
  for (const { expression } of conditions) {
    try {
      if (evaluatePolicyExpression(expression, values, budget) !== true) holds = false;
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      errors.push(error);
    }
  }
  if (!holds) return false;
  if (errors.length > 1) throw new ExpressionError(`[${errors.map(({ message }) => message).join(', ')}]`);
  if (errors[0]) throw errors[0];
  return true;
}

/** The `variables` of a policy: each is evaluated when it is first asked for, may use those before it, and keeps its value or its error. */
export function lazyVariables(variables: readonly { name: string; expression: string }[], values: Readonly<Record<Exclude<PolicyVariable, 'variables'>, unknown>>, budget: CostBudget): Record<string, unknown> {
  const lazy: Record<string, unknown> = {};
  for (const { name, expression } of variables) {
    let known: { value: unknown } | { error: unknown } | undefined;
    Object.defineProperty(lazy, name, {
      enumerable: true,
      get: () => {
        if (!known) {
          let program: MeteredExpression | undefined;
          try {
            program = compiled(expression);
            known = { value: program({ ...values, variables: lazy }).value };
          } catch (error) {
            known = { error: new Error(`composited variable ${JSON.stringify(name)} fails to evaluate: ${problemOf(error)}`) };
          }
          budget.addVariable(program?.spent() ?? 0);
        }
        if ('error' in known) throw known.error;
        return known.value;
      },
    });
  }
  return lazy;
}
