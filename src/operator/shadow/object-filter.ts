import type { Selection } from '../kube/client-options.js';
import type { KubeObject } from '../kube/object.js';
import { Refusal } from './apply-locally.js';

/** Whether a list or a watch is about an object. */
export type ObjectFilter = (object: KubeObject) => boolean;

type Test = (values: Readonly<Record<string, unknown>>) => boolean;

const SET = /^(.+?)\s+(in|notin)\s+\(([^)]*)\)$/;
const EQUALITY = /^([^=!]+?)\s*(==|=|!=)\s*([^=]*)$/;

/** One requirement of a label selector, or of a field selector. */
function testOf(requirement: string, read: (values: Readonly<Record<string, unknown>>, name: string) => unknown): Test {
  const textOf = (of: Readonly<Record<string, unknown>>, name: string): string | undefined => {
    const value = read(of, name);
    return value === undefined ? undefined : typeof value === 'string' ? value : JSON.stringify(value);
  };
  const set = SET.exec(requirement);
  if (set) {
    const [, name = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return (of) => values.some((value) => value === textOf(of, name)) === (operator === 'in');
  }
  const equality = EQUALITY.exec(requirement);
  if (equality) {
    const [, name = '', operator, value = ''] = equality;
    return (of) => (textOf(of, name) === value.trim()) === (operator !== '!=');
  }
  return requirement.startsWith('!') ? (of) => read(of, requirement.slice(1)) === undefined : (of) => read(of, requirement) !== undefined;
}

/** Requirements are separated by commas, outside of parentheses. */
const requirementsOf = (selector: string): string[] => selector.split(/,(?![^(]*\))/).map((text) => text.trim()).filter((text) => text !== '');

const fieldAt = (object: Readonly<Record<string, unknown>>, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], object) ?? '';

/** What a list or a watch is about. Throws {@link Refusal} for a field selector that is no equality. */
export function filterOf({ namespace, labelSelector = '', fieldSelector = '' }: Selection): ObjectFilter {
  const labels = requirementsOf(labelSelector).map((text) => testOf(text, (values, name) => values[name]));
  const fields = requirementsOf(fieldSelector).map((text) => {
    if (!EQUALITY.test(text)) throw new Refusal(400, 'BadRequest', `the field selector "${text}" is no equality`);
    return testOf(text, fieldAt);
  });
  return (object) => (namespace === undefined || object.metadata.namespace === namespace)
    && labels.every((test) => test(object.metadata.labels ?? {})) && fields.every((test) => test(object as unknown as Record<string, unknown>));
}
