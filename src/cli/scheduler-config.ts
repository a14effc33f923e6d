import { readFileSync } from 'node:fs';
import type { TopologySpreadConstraint } from 'kubernetes-types/core/v1.js';
import { parseDocument } from 'yaml';
import { isQualifiedName } from '../api/index.js';
import { InvalidSetting } from './invalid-setting.js';

const SETTING = 'scheduler-config';

interface Field {
  /** What would be accepted. */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  readonly optional?: boolean;
}

const isPositive = (value: unknown): boolean => Number.isInteger(value) && Number(value) > 0;
const oneOf = (...values: readonly string[]): Field => ({ expected: values.map((value) => `"${value}"`).join(' or '), accepts: (value) => values.includes(value as string) });
const forbidden = (why: string): Field => ({ expected: `absent: ${why}`, accepts: () => false, optional: true });

const CONSTRAINT: Readonly<Record<string, Field>> = {
  maxSkew: { expected: 'a whole number above 0', accepts: isPositive },
  topologyKey: { expected: 'a label key such as "topology.kubernetes.io/zone"', accepts: (value) => typeof value === 'string' && isQualifiedName(value) },
  whenUnsatisfiable: oneOf('DoNotSchedule', 'ScheduleAnyway'),
  minDomains: { expected: 'a whole number above 0', accepts: isPositive, optional: true },
  nodeAffinityPolicy: { ...oneOf('Honor', 'Ignore'), optional: true },
  nodeTaintsPolicy: { ...oneOf('Honor', 'Ignore'), optional: true },
  labelSelector: forbidden('the selector is deduced for each pod, from its Services and its controller'),
  matchLabelKeys: forbidden('it means nothing where the selector is deduced for each pod'),
};

type Fields = Readonly<Record<string, unknown>>;

/** A mapping with no other fields than these. */
function fieldsOf(value: unknown, at: string, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(at, value, `a mapping with ${known.join(', ')}`);
  const stranger = Object.keys(value).find((key) => !known.includes(key));
  if (stranger !== undefined) throw refused(at === '' ? stranger : `${at}.${stranger}`, (value as Fields)[stranger], `absent: the fields here are ${known.join(', ')}`);
  return value as Fields;
}

const refused = (at: string, value: unknown, expected: string): InvalidSetting =>
  new InvalidSetting(at === '' ? SETTING : `${SETTING} ${at}`, typeof value === 'string' ? value : JSON.stringify(value) ?? '', expected);

function constraint(value: unknown, at: string): TopologySpreadConstraint {
  const fields = fieldsOf(value, at, Object.keys(CONSTRAINT));
  for (const [name, { expected, accepts, optional }] of Object.entries(CONSTRAINT)) {
    const given = fields[name];
    if (given === undefined ? !optional : !accepts(given)) throw refused(`${at}.${name}`, given, expected);
  }
  return fields as unknown as TopologySpreadConstraint;
}

function document(text: string): unknown {
  const parsed = parseDocument(text);
  const [problem] = parsed.errors;
  if (problem) throw refused('', text, `YAML or JSON: ${problem.message.split('\n')[0]}`);
  return parsed.toJS();
}

/** The document itself, or the file that it names. */
function textOf(setting: string): string {
  if (!setting.startsWith('@')) return setting;
  try {
    return readFileSync(setting.slice(1), 'utf8');
  } catch (error) {
    throw refused('', setting, `@ and the path of a file that can be read: ${(error as Error).message}`);
  }
}

/**
 * The default topology spread constraints of `--scheduler-config`, which names those of the cluster's kube-scheduler: a YAML or JSON
 * document, or `@` and the path of a file with one (karpenter-core §6.1). Throws {@link InvalidSetting} that names the field.
 */
export function parseSchedulerConfig(text: string): TopologySpreadConstraint[] {
  if (text === '') return [];
  const { podTopologySpread } = fieldsOf(document(textOf(text)), '', ['podTopologySpread']);
  if (podTopologySpread === undefined) return [];
  const { defaultConstraints = [] } = fieldsOf(podTopologySpread, 'podTopologySpread', ['defaultConstraints']);
  const at = 'podTopologySpread.defaultConstraints';
  if (!Array.isArray(defaultConstraints)) throw refused(at, defaultConstraints, 'a list');
  const constraints = defaultConstraints.map((each, index) => constraint(each, `${at}[${index}]`));
  constraints.forEach(({ topologyKey, whenUnsatisfiable }, index) => {
    const first = constraints.findIndex((each) => each.topologyKey === topologyKey && each.whenUnsatisfiable === whenUnsatisfiable);
    if (first < index) throw refused(`${at}[${index}]`, { topologyKey, whenUnsatisfiable }, `another pair of topologyKey and whenUnsatisfiable than ${at}[${first}]`);
  });
  return constraints;
}
