import type { Environment, ParseResult } from '@marcbachmann/cel-js';
import { EvaluationError, ParseError } from '@marcbachmann/cel-js';
import type { ValidationRule } from '../schema/schema.js';
import type { DeclaredType } from './declared-type.js';
import { optionalOldSelfEnvironment, ruleEnvironment } from './environment.js';
import { estimate, type Estimate, RuleTypeError } from './estimate.js';
import { metered } from './metered.js';

/** A validation rule, ready to run. */
export interface CompiledRule {
  rule: ValidationRule;
  /** The rule compares with the old value: it runs on updates only. */
  usesOldSelf: boolean;
  /** @throws {CostLimitError} */
  holds(variables: RuleVariables): { value: unknown; cost: number };
  /** The text of `messageExpression`, if there is one and it yields a usable text. */
  messageOf(variables: RuleVariables): string | undefined;
}

export interface RuleVariables {
  self: unknown;
  /** Absent: there is none. */
  oldSelf?: unknown;
}

/** Thrown for an expression that is no CEL, or that calls what does not exist. */
export class RuleSyntaxError extends Error {
  readonly reason = 'RuleSyntax';
  constructor(readonly expression: string, problem: string) {
    super(problem);
  }
}

const compiledRules = new WeakMap<ValidationRule, CompiledRule>();

/** Compiles a rule once; @throws {RuleSyntaxError}. */
export function compileRule(rule: ValidationRule): CompiledRule {
  let compiled = compiledRules.get(rule);
  if (!compiled) {
    compiled = compile(rule);
    compiledRules.set(rule, compiled);
  }
  return compiled;
}

function compile(rule: ValidationRule): CompiledRule {
  const environment = rule.optionalOldSelf ? optionalOldSelfEnvironment : ruleEnvironment;
  const program = parseExpression(environment, rule.rule);
  const message = rule.messageExpression === undefined ? undefined : metered(parseExpression(environment, rule.messageExpression));
  return {
    rule,
    usesOldSelf: mentions(program.ast, 'oldSelf'),
    holds: metered(program),
    messageOf(variables) {
      if (!message) return undefined;
      try {
        return usableMessage(message(variables).value);
      } catch {
        return undefined;
      }
    },
  };
}

/** The most that a rule's expressions can cost, once each. */
export interface RuleCosts {
  rule: number;
  messageExpression?: number;
}

/** Checks a rule against the type of the value that it stands on; @throws {RuleSyntaxError}. */
export function checkRule({ rule, messageExpression, optionalOldSelf }: ValidationRule, self: DeclaredType): RuleCosts {
  const environment = optionalOldSelf ? optionalOldSelfEnvironment : ruleEnvironment;
  const check = (expression: string): Estimate => {
    try {
      return estimate(parseExpression(environment, expression).ast, self);
    } catch (error) {
      throw error instanceof RuleTypeError ? new RuleSyntaxError(expression, `compilation failed: ${located(expression, error.position, error.message)}`) : error;
    }
  };
  const { kind, cost } = check(rule);
  if (kind !== 'bool' && kind !== 'dyn') throw new RuleSyntaxError(rule, 'cel expression must evaluate to a bool');
  if (messageExpression === undefined) return { rule: cost.max };
  const message = check(messageExpression);
  if (message.kind !== 'string' && message.kind !== 'dyn') throw new RuleSyntaxError(messageExpression, 'messageExpression must evaluate to a string');
  return { rule: cost.max, messageExpression: message.cost.max };
}

/** Parses an expression and checks that what it calls exists; @throws {RuleSyntaxError}. */
export function parseExpression(environment: Environment, expression: string): ParseResult {
  const refuse = (error: { summary: string; range?: { start: number } | undefined }, prefix = ''): never => {
    throw new RuleSyntaxError(expression, `compilation failed: ${located(expression, error.range?.start ?? 0, `${prefix}${error.summary}`)}`);
  };
  let program: ParseResult;
  try {
    program = environment.parse(expression);
  } catch (error) {
    if (error instanceof ParseError) return refuse(error, 'Syntax error: ');
    throw error;
  }
  const { valid, error } = program.check();
  return valid || !error ? program : refuse(error);
}

/** A problem with its place, as cel-go shows it. */
export function located(expression: string, position: number, problem: string): string {
  const before = expression.slice(0, position).split('\n');
  const column = before.at(-1)!.length;
  return `ERROR: <input>:${before.length}:${column + 1}: ${problem}\n | ${expression.split('\n')[before.length - 1]}\n | ${'.'.repeat(column)}^`;
}

/** As upstream: a message that is no text, is blank or has several lines is no message. */
export const usableMessage = (text: unknown): string | undefined => (typeof text === 'string' && text.trim() !== '' && !text.includes('\n') ? text.trim() : undefined);

/** What went wrong while a rule ran. */
export const evaluationProblem = (error: unknown): string => (error instanceof EvaluationError ? error.summary.replace(/^No such key/, 'no such key') : (error as Error).message);

function mentions(node: unknown, name: string): boolean {
  if (Array.isArray(node)) return node.some((part) => mentions(part, name));
  if (typeof node !== 'object' || node === null || !('op' in node) || !('args' in node)) return false;
  return (node.op === 'id' && node.args === name) || mentions(Array.isArray(node.args) ? node.args : [node.args], name);
}
