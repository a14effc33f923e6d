import type { Environment, ParseResult } from '@marcbachmann/cel-js';
import { EvaluationError, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import type { ValidationRule } from '../schema/schema.js';
import { optionalOldSelfEnvironment, ruleEnvironment } from './environment.js';

/** A validation rule, ready to run. */
export interface CompiledRule {
  rule: ValidationRule;
  /** The rule compares with the old value: it runs on updates only. */
  usesOldSelf: boolean;
  holds(variables: RuleVariables): unknown;
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
  constructor(readonly expression: string, readonly summary: string) {
    super(`compilation failed: ERROR: <input>: ${summary}`);
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
  const message = rule.messageExpression === undefined ? undefined : parseExpression(environment, rule.messageExpression);
  return {
    rule,
    usesOldSelf: mentions(program.ast, 'oldSelf'),
    holds: (variables) => program(variables),
    messageOf(variables) {
      if (!message) return undefined;
      try {
        return usableMessage(message(variables));
      } catch {
        return undefined;
      }
    },
  };
}

/** Parses an expression and checks that what it calls exists; @throws {RuleSyntaxError}. */
export function parseExpression(environment: Environment, expression: string): ParseResult {
  try {
    const program = environment.parse(expression);
    const { valid, error } = program.check();
    if (valid || !error) return program;
    throw new RuleSyntaxError(expression, error.summary);
  } catch (error) {
    if (error instanceof ParseError || error instanceof CelTypeError) throw new RuleSyntaxError(expression, error.summary);
    throw error;
  }
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
