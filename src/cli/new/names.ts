import { pluralOf } from '../../operator/index.js';
import { CliError } from '../cli-error.js';

const OPERATOR = /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/;
const KIND = /^[A-Z][A-Za-z0-9]{0,62}$/;
const RECONCILER = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const GROUP = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/;
const VERSION = /^v[1-9][0-9]*((alpha|beta)[1-9][0-9]*)?$/;

/** Words of the language that cannot name a variable, as far as a kind may be called like them. */
const RESERVED = new Set([
  'arguments', 'await', 'break', 'case', 'catch', 'class', 'const', 'continue', 'debugger', 'default', 'delete', 'do', 'else', 'enum', 'eval', 'export', 'extends', 'false', 'finally',
  'for', 'function', 'if', 'implements', 'import', 'in', 'instanceof', 'interface', 'let', 'new', 'null', 'package', 'private', 'protected', 'public', 'return', 'static', 'super',
  'switch', 'this', 'throw', 'true', 'try', 'typeof', 'var', 'void', 'while', 'with', 'yield', 'bed', 'ctx', 'met', 'name', 'namespace', 'reconcilers', 's',
]);
/** What the templates import as types; the classes that they import, and the globals, are found at run time. */
const TAKEN_TYPES = new Set(['Outcome', 'StepContext', 'TestBed', 'ContainerModule', 'Record', 'Partial', 'Pick', 'Omit', 'Readonly']);

/** `CostReport` → `cost-report`, `HTTPRoute` → `http-route` */
export const kebab = (words: string): string => words.replaceAll(/([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$3-$2').toLowerCase();

/** `cost-report` → `CostReport` */
export const pascal = (words: string): string => words.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');

/** `CostReport` → `costReport`, `HTTPRoute` → `httpRoute`, `Class` → `classObject` */
export function camel(kind: string): string {
  const [first = '', ...others] = kebab(kind).split('-');
  const name = `${first}${pascal(others.join('-'))}`;
  return RESERVED.has(name) ? `${name}Object` : name;
}

function expect(pattern: RegExp, value: string, what: string, expected: string, suggestion?: string): void {
  if (pattern.test(value)) return;
  throw new CliError(`${what} is ${JSON.stringify(value)}; it must be ${expected}${suggestion !== undefined && pattern.test(suggestion) ? `. Did you mean "${suggestion}"?` : ''}`, 2);
}

export function checkOperatorName(name: string): void {
  expect(OPERATOR, name, 'the name of the operator', 'a DNS label of at most 40 lower-case letters, digits and dashes that begins with a letter, such as "website-operator"', kebab(name.replaceAll(/[_\s.]+/g, '-')));
}

export function checkReconcilerName(name: string): void {
  expect(RECONCILER, name, 'the name of the reconciler', 'lower-case words with dashes between them, such as "node-labeler"', kebab(name.replaceAll(/[_\s.]+/g, '-')));
}

export interface KindName {
  kind: string;
  group: string;
  version: string;
  namespaced: boolean;
}

/** `taken` are the classes that the framework exports: a kind of the same name would hide one of them. */
export function checkKindName({ kind, group, version }: KindName, taken: readonly string[], kubernetes: readonly string[]): void {
  expect(KIND, kind, 'the kind', 'CamelCase of letters and digits, such as "CostReport"', pascal(kebab(kind.replaceAll(/[_\s.-]+/g, '-'))));
  expect(GROUP, group, '--group', 'a DNS subdomain with a dot, such as "finops.example.com"', `${group}.example.com`);
  expect(VERSION, version, '--version', 'a version of Kubernetes, such as "v1", "v1beta1" or "v1alpha1"');
  if (/(^|\.)(k8s|kubernetes)\.io$/.test(group)) throw new CliError(`--group is "${group}"; groups under k8s.io and kubernetes.io are Kubernetes' own: take a domain of yours`, 2);
  if (kubernetes.includes(kind)) throw new CliError(`the kind "${kind}" is there already; "karpenter-ts new reconciler NAME --for ${kind}" adds a reconciler for it`, 2);
  if (taken.includes(kind) || TAKEN_TYPES.has(kind) || kind in globalThis) throw new CliError(`the kind "${kind}" would hide what JavaScript or karpenter-ts/operator has under this name; take another, such as "My${kind}"`, 2);
}

/** What stands in the place of a template's words. */
export type Words = Readonly<Record<string, string>>;

export const kindWords = ({ kind, group, version, namespaced }: KindName): Words => ({
  TemplateKind: kind,
  templateKind: camel(kind),
  'template-kind': kebab(kind),
  templatekinds: pluralOf(kind),
  'template.example.com': group,
  v1alpha1: version,
  "scope: 'Namespaced'": `scope: '${namespaced ? 'Namespaced' : 'Cluster'}'`,
});
