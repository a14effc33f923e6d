const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?';

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);
const LABEL_EXPRESSION = whole(LABEL);
const SUBDOMAIN_EXPRESSION = whole(SUBDOMAIN);
const LABEL_1035_EXPRESSION = whole(LABEL_1035);
const QUALIFIED_EXPRESSION = whole(QUALIFIED);
const LABEL_VALUE_EXPRESSION = whole(LABEL_VALUE);

const tooLong = (maximum: number, unit = 'characters'): string => `must be no more than ${maximum} ${unit}`;

function regexProblem(message: string, pattern: string, ...examples: string[]): string {
  return `${message} (e.g. ${examples.map((example) => `'${example}'`).join(',  or ')}, regex used for validation is '${pattern}')`;
}

const LABEL_PROBLEM = regexProblem("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character", LABEL, 'my-name', '123-abc');
const SUBDOMAIN_PROBLEM = regexProblem(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  SUBDOMAIN,
  'example.com',
);
const LABEL_1035_PROBLEM = regexProblem(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  LABEL_1035,
  'my-name',
  'abc-123',
);
const QUALIFIED_PROBLEM = regexProblem("must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character", QUALIFIED, 'MyName', 'my.name', '123-abc');
const LABEL_VALUE_PROBLEM = regexProblem(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  LABEL_VALUE,
  'MyValue',
  'my_value',
  '12345',
);

/** What is wrong with a name of at most 63 characters: lower case letters, digits and dashes. Empty when nothing is. */
export const dns1123Label = (value: string): string[] => [...(value.length > 63 ? [tooLong(63)] : []), ...(LABEL_EXPRESSION.test(value) ? [] : [SUBDOMAIN_EXPRESSION.test(value) ? 'must not contain dots' : LABEL_PROBLEM])];

/** What is wrong with a name of labels with dots between them, at most 253 characters. */
export const dns1123Subdomain = (value: string, unit?: 'bytes'): string[] => [...(value.length > 253 ? [tooLong(253, unit)] : []), ...(SUBDOMAIN_EXPRESSION.test(value) ? [] : [SUBDOMAIN_PROBLEM])];

/** What is wrong with a label that has to begin with a letter, as service names do. */
export const dns1035Label = (value: string): string[] => [...(value.length > 63 ? [tooLong(63)] : []), ...(LABEL_1035_EXPRESSION.test(value) ? [] : [LABEL_1035_PROBLEM])];

/** What is wrong with the key of a label, a taint or an annotation: `name` or `prefix.example.com/name`. */
export function qualifiedName(value: string): string[] {
  const parts = value.split('/');
  if (parts.length > 2) return [`a valid label key ${QUALIFIED_PROBLEM} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const [prefix, name = ''] = parts.length === 2 ? parts : [undefined, parts[0]];
  const problems: string[] = [];
  if (prefix === '') problems.push('prefix part must be non-empty');
  else if (prefix !== undefined) problems.push(...dns1123Subdomain(prefix, 'bytes').map((problem) => `prefix part ${problem}`));
  if (name === '') problems.push('name part must be non-empty');
  else if (name.length > 63) problems.push(`name part ${tooLong(63, 'bytes')}`);
  if (!QUALIFIED_EXPRESSION.test(name)) problems.push(`name part ${QUALIFIED_PROBLEM}`);
  return problems;
}

/** What is wrong with the value of a label. */
export const labelValue = (value: string): string[] => [...(value.length > 63 ? [tooLong(63, 'bytes')] : []), ...(LABEL_VALUE_EXPRESSION.test(value) ? [] : [LABEL_VALUE_PROBLEM])];

/** What is wrong with a name that only has to fit in a URL. */
export function pathSegment(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((illegal) => value.includes(illegal)).map((illegal) => `may not contain '${illegal}'`);
}

/** What is wrong with the name of a container port: lower case letters, digits and dashes, at most 15, one letter at least. */
export function portName(value: string): string[] {
  const problems: string[] = [];
  if (value.length > 15) problems.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(value)) problems.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(value)) problems.push('must contain at least one letter (a-z)');
  if (value.includes('--')) problems.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}
