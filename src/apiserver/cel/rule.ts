import type { ASTNode, Environment, ParseResult } from '@marcbachmann/cel-js';
import { ParseError } from '@marcbachmann/cel-js';
import type { ValidationRule } from '../schema/schema.js';
import { celType, type DeclaredType } from './declared-type.js';
import { optionalOldSelfEnvironment, ruleEnvironment } from './environment.js';
import { estimate } from './estimate.js';
import { metered } from './metered.js';
import { BOOL, type CelType, optionalOf, sameType, STRING } from './type.js';
import { brokenPattern, checkTypes, positionOf } from './type-checker.js';

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

/** What is known of a rule without running it. */
export interface RuleCheck {
  usesOldSelf: boolean;
  /** The most that the rule can cost, once. */
  cost: number;
  messageExpressionCost?: number;
}

/** Kubernetes makes up another name each time, so that nobody uses it. */
const SELF_TYPE = 'selfType1';

/** Checks a rule against the type of the value that it stands on; @throws {RuleSyntaxError}. */
export function checkRule({ rule, messageExpression, optionalOldSelf }: ValidationRule, self: DeclaredType): RuleCheck {
  const type = celType(self, SELF_TYPE);
  const variables = new Map([['self', type], ['oldSelf', optionalOldSelf ? optionalOf(type) : type]]);
  const environment = optionalOldSelf ? optionalOldSelfEnvironment : ruleEnvironment;
  const check = (expression: string, wanted: CelType, misfit: string): { names: ReadonlySet<string>; cost: number } => {
    const { program, names } = checkExpression(environment, expression, variables, (type) => (sameType(type, wanted) ? undefined : misfit));
    return { names, cost: estimate(program.ast, self).cost.max };
  };
  const { names, cost } = check(rule, BOOL, 'cel expression must evaluate to a bool');
  return {
    usesOldSelf: names.has('oldSelf'),
    cost,
    ...(messageExpression !== undefined && { messageExpressionCost: check(messageExpression, STRING, 'messageExpression must evaluate to a string').cost }),
  };
}

/** An expression that is well typed. */
export interface CheckedExpression {
  readonly program: ParseResult;
  readonly type: CelType;
  /** Variables that are read. */
  readonly names: ReadonlySet<string>;
}

/** Parses an expression and checks its types. @param misfit what is wrong with the type of the whole @throws {RuleSyntaxError} */
export function checkExpression(environment: Environment, expression: string, variables: ReadonlyMap<string, CelType>, misfit: (type: CelType) => string | undefined): CheckedExpression {
  const program = parse(environment, expression);
  const { problems, type, names } = checkTypes(program.ast, variables);
  if (problems.length > 0) throw new RuleSyntaxError(expression, `compilation failed: ${problems.map(({ position, message }) => located(expression, position, message)).join('\n')}`);
  const problem = misfit(type);
  if (problem !== undefined) throw new RuleSyntaxError(expression, problem);
  const pattern = brokenPattern(program.ast);
  if (pattern !== undefined) throw new RuleSyntaxError(expression, `program instantiation failed: ${pattern}`);
  refuseUncallable(program, expression);
  return { program, type, names };
}

/** Parses an expression and checks that what it calls exists; @throws {RuleSyntaxError}. */
export function parseExpression(environment: Environment, expression: string): ParseResult {
  const program = parse(environment, expression);
  refuseUncallable(program, expression);
  return program;
}

function parse(environment: Environment, expression: string): ParseResult {
  try {
    return environment.parse(expression);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    if (error.code === 'invalid_macro_argument') throw uncompiled(expression, { summary: 'argument must be a simple name', range: { start: positionOf(error.node as ASTNode) } });
    throw uncompiled(expression, { summary: `Syntax error: ${ENDS[error.summary] ?? error.summary}`, range: error.range });
  }
}

function refuseUncallable(program: ParseResult, expression: string): void {
  const { valid, error } = program.check();
  if (!valid && error) throw uncompiled(expression, error);
}

const uncompiled = (expression: string, { summary, range }: { summary: string; range?: { start: number } | undefined }): RuleSyntaxError =>
  new RuleSyntaxError(expression, `compilation failed: ${located(expression, range?.start ?? 0, summary)}`);

/** What cel-go says of expressions that end too early; of other syntax errors the parser's own words are told. */
const ENDS: Record<string, string> = {
  'Unexpected token: EOF': "mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
  'Expected COLON, got EOF': "mismatched input '<EOF>' expecting ':'",
  'Expected RBRACKET, got EOF': "mismatched input '<EOF>' expecting {']', ','}",
};

/** A problem with its place, as cel-go shows it. */
export function located(expression: string, position: number, problem: string): string {
  const before = expression.slice(0, position).split('\n');
  const column = before.at(-1)!.length;
  return `ERROR: <input>:${before.length}:${column + 1}: ${problem}\n | ${expression.split('\n')[before.length - 1]}\n | ${'.'.repeat(column)}^`;
}

/** As upstream: a message that is no text, is blank or has several lines is no message. */
export const usableMessage = (text: unknown): string | undefined => (typeof text === 'string' && text.trim() !== '' && !text.includes('\n') ? text.trim() : undefined);

function mentions(node: unknown, name: string): boolean {
  if (Array.isArray(node)) return node.some((part) => mentions(part, name));
  if (typeof node !== 'object' || node === null || !('op' in node) || !('args' in node)) return false;
  return (node.op === 'id' && node.args === name) || mentions(Array.isArray(node.args) ? node.args : [node.args], name);
}
