import type { JsonObject } from '../contracts.js';
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

const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const QUALIFIED_NAME = /^(?:(?=.{1,253}\/)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

export const isLabelKey = (key: string): boolean => QUALIFIED_NAME.test(key);
export const isLabelValue = (value: string): boolean => LABEL_VALUE.test(value);

/**
 * Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`. Throws BadRequest in Kubernetes' words for anything else.
 */
export function parseLabelSelector(text: string): LabelPredicate {
  const requirements = parseRequirements(text);
  return requirements.length === 0 ? everything : (labels = {}) => requirements.every((requirement) => holds(requirement, labels));
}

/** As {@link parseLabelSelector}, unevaluated. */
export function parseRequirements(text: string): LabelRequirement[] {
  const tokens = text.match(/\s+|==|!=|[=!<>(),]|[^\s=!<>(),]+/g)?.filter((token) => token.trim() !== '') ?? [];
  let position = 0;
  const peek = (): string | undefined => tokens[position];
  const fail = (expected: string): never => {
    throw badRequest(`unable to parse requirement: found '${peek() ?? ''}', expected: ${expected}`);
  };
  const isWord = (token: string | undefined): token is string => token !== undefined && !/^(?:==|!=|[=!<>(),])$/.test(token);
  const word = (expected: string): string => {
    const token = peek();
    if (!isWord(token)) return fail(expected);
    position++;
    return token;
  };
  const key = (): string => {
    const name = word('identifier');
    if (!isLabelKey(name)) throw badRequest(`unable to parse requirement: <nil>: Invalid value: "${name}": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`);
    return name;
  };
  const values = (): string[] => {
    if (peek() !== '(') fail("'('");
    position++;
    const found: string[] = [];
    let expectValue = true;
    while (peek() !== ')') {
      if (peek() === undefined) fail("',', or ')'");
      if (peek() === ',') {
        if (expectValue) found.push('');
        expectValue = true;
        position++;
      } else {
        if (!expectValue) fail("',', or ')'");
        found.push(word('identifier'));
        expectValue = false;
      }
    }
    if (expectValue) found.push('');
    position++;
    return found;
  };
  const requirement = (): LabelRequirement => {
    if (peek() === '!') {
      position++;
      return { key: key(), operator: '!', values: [] };
    }
    const name = key();
    const operator = peek();
    if (operator === undefined || operator === ',') return { key: name, operator: 'exists', values: [] };
    position++;
    switch (operator) {
      case '=':
      case '==':
        return { key: name, operator: 'in', values: [isWord(peek()) ? word('identifier') : ''] };
      case '!=':
        return { key: name, operator: 'notin', values: [isWord(peek()) ? word('identifier') : ''] };
      case 'in':
      case 'notin':
        return { key: name, operator, values: values() };
      case '>':
      case '<': {
        const bound = word('identifier');
        if (!/^-?\d+$/.test(bound)) throw badRequest(`unable to parse requirement: values[0][${name}]: Invalid value: "${bound}": for 'Gt', 'Lt' operators, the value must be an integer`);
        return { key: name, operator: operator === '>' ? 'gt' : 'lt', values: [bound] };
      }
      default:
        position--;
        return fail("'in', 'notin', '=', '==', '!=', 'gt', 'lt'");
    }
  };

  const requirements: LabelRequirement[] = [];
  while (position < tokens.length) {
    const next = requirement();
    for (const value of next.values) {
      if (!isLabelValue(value)) {
        throw badRequest(
          `unable to parse requirement: values[0][${next.key}]: Invalid value: "${value}": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
        );
      }
    }
    requirements.push(next);
    if (position < tokens.length) {
      if (peek() !== ',') fail("','");
      position++;
      if (position === tokens.length) fail('identifier after \',\'');
    }
  }
  return requirements;
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
