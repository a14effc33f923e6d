import type { JsonObject } from '../contracts.js';
import { qualifiedName, labelValue } from '../schema/names.js';
import { badRequest } from '../status.js';

type Labels = Readonly<Record<string, string>>;

/** Whether an object's labels are selected. */
export type LabelPredicate = (labels: Labels | undefined) => boolean;

export const everything: LabelPredicate = () => true;

/** One parsed condition; all of a selector's must hold. */
export interface LabelRequirement {
  key: string;
  operator: 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';
  values: string[];
}

export const isLabelKey = (key: string): boolean => qualifiedName(key).length === 0;
export const isLabelValue = (value: string): boolean => labelValue(value).length === 0;

/**
 * Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`. Throws BadRequest in Kubernetes' words for anything else.
 */
export function parseLabelSelector(text: string): LabelPredicate {
  const requirements = parseRequirements(text);
  return requirements.length === 0 ? everything : (labels = {}) => requirements.every((requirement) => holds(requirement, labels));
}

/** As {@link parseLabelSelector}, unevaluated. */
export const parseRequirements = (text: string): LabelRequirement[] => new Parser(text).requirements();

const SYMBOLS = new Set(['=', '==', '!=', '!', '<', '>', '(', ')', ',']);
const OPERATORS = 'in, notin, =, ==, !=, gt, lt';

/** Goes through the words and symbols as Kubernetes' parser does, so that it complains of the same ones. */
class Parser {
  private readonly tokens: readonly string[];
  private position = 0;

  constructor(text: string) {
    this.tokens = text.match(/==|!=|[=!<>(),]|[^\s=!<>(),]+/g) ?? [];
  }

  requirements(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    while (this.peek() !== '') {
      if (!this.isWord() && this.peek() !== '!') throw badRequest(`found '${this.peek()}', expected: !, identifier, or 'end of string'`);
      requirements.push(this.requirement());
      const separator = this.take();
      if (separator === '') break;
      if (separator !== ',') throw badRequest(`found '${separator}', expected: ',' or 'end of string'`);
      if (!this.isWord() && this.peek() !== '!') throw badRequest(`found '${this.peek()}', expected: identifier after ','`);
    }
    return requirements;
  }

  /** The next token; empty at the end. */
  private peek(): string {
    return this.tokens[this.position] ?? '';
  }

  private isWord(): boolean {
    return this.peek() !== '' && !SYMBOLS.has(this.peek());
  }

  private take(): string {
    const token = this.peek();
    this.position++;
    return token;
  }

  private fail(problem: string): never {
    throw badRequest(`unable to parse requirement: ${problem}`);
  }

  private requirement(): LabelRequirement {
    const absent = this.peek() === '!';
    if (absent) this.position++;
    const key = this.word();
    const problems = qualifiedName(key);
    if (problems.length > 0) this.fail(`<nil>: Invalid value: ${JSON.stringify(key)}: ${problems.join('; ')}`);
    if (this.peek() === '' || this.peek() === ',') return { key, operator: absent ? '!' : 'exists', values: [] };
    const operator = this.take();
    switch (operator) {
      case '=':
      case '==':
        return { key, operator: 'in', values: this.checked(key, [this.exactValue()]) };
      case '!=':
        return { key, operator: 'notin', values: this.checked(key, [this.exactValue()]) };
      case 'in':
      case 'notin':
        return { key, operator, values: this.checked(key, this.values()) };
      case '>':
      case '<': {
        const bound = this.exactValue();
        if (!/^[+-]?\d+$/.test(bound)) this.fail(`values[0]: Invalid value: ${JSON.stringify(bound)}: for 'Gt', 'Lt' operators, the value must be an integer`);
        return { key, operator: operator === '>' ? 'gt' : 'lt', values: this.checked(key, [bound]) };
      }
      default:
        return this.fail(`found '${operator}', expected: ${OPERATORS}`);
    }
  }

  private word(): string {
    if (!this.isWord()) this.fail(`found '${this.peek()}', expected: identifier`);
    return this.take();
  }

  private exactValue(): string {
    return this.peek() === '' || this.peek() === ',' ? '' : this.word();
  }

  private values(): string[] {
    if (this.peek() !== '(') this.fail(`found '${this.peek()}' expected: '('`);
    this.position++;
    const values: string[] = [];
    let expectValue = true;
    while (this.peek() !== ')') {
      if (this.peek() === ',') {
        if (expectValue) values.push('');
        expectValue = true;
        this.position++;
      } else if (this.isWord() && expectValue) {
        values.push(this.take());
        expectValue = false;
      } else this.fail(`found '${this.peek()}', expected: ${expectValue && values.length === 0 ? "',', ')' or identifier" : "',' or ')'"}`);
    }
    if (expectValue) values.push('');
    this.position++;
    return [...new Set(values)].sort();
  }

  private checked(key: string, values: string[]): string[] {
    values.forEach((value, index) => {
      const [problem] = labelValue(value);
      if (problem !== undefined) this.fail(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${problem}`);
    });
    return values;
  }
}

function holds({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const present = Object.hasOwn(labels, key);
  const value = present ? labels[key]! : '';
  switch (operator) {
    case 'in':
      return present && values.includes(value);
    case 'notin':
      return !present || !values.includes(value);
    case 'exists':
      return present;
    case '!':
      return !present;
    case 'gt':
      return present && /^-?\d+$/.test(value) && BigInt(value) > BigInt(values[0]!);
    case 'lt':
      return present && /^-?\d+$/.test(value) && BigInt(value) < BigInt(values[0]!);
  }
}

/** A `LabelSelector` of an object's spec; an absent one selects nothing, an empty one everything. */
export function matchesLabelSelector(selector: JsonObject | undefined, labels: Labels = {}): boolean {
  if (!selector) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector as {
    matchLabels?: Record<string, string>;
    matchExpressions?: { key: string; operator: string; values?: string[] }[];
  };
  return (
    Object.entries(matchLabels).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const operators = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' } as const;
      const known = operators[operator as keyof typeof operators];
      return known !== undefined && holds({ key, operator: known, values }, labels);
    })
  );
}

/** A `LabelSelector` in the one-line form of `status.selector` and `?labelSelector=`. */
export function formatLabelSelector(selector: JsonObject | undefined): string {
  const { matchLabels = {}, matchExpressions = [] } = (selector ?? {}) as {
    matchLabels?: Record<string, string>;
    matchExpressions?: { key: string; operator: string; values?: string[] }[];
  };
  const parts = [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, text: `${key}=${value}` })),
    ...matchExpressions.map(({ key, operator, values = [] }) => {
      if (operator === 'Exists') return { key, text: key };
      if (operator === 'DoesNotExist') return { key, text: `!${key}` };
      return { key, text: `${key} ${operator.toLowerCase()} (${[...values].sort().join(',')})` };
    }),
  ];
  return parts
    .sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0))
    .map(({ text }) => text)
    .join(',');
}
