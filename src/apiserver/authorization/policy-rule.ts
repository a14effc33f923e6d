import type { Attributes } from './attributes.js';

/** A rule of a role: either about resources or about paths. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

const ALL = '*';
const NONE: readonly string[] = [];

/** Everything, for questions whether somebody may do that. */
export const FULL_AUTHORITY: readonly PolicyRule[] = [{ verbs: [ALL], apiGroups: [ALL], resources: [ALL] }, { verbs: [ALL], nonResourceURLs: [ALL] }];

const includes = (list: readonly string[] = NONE, value: string): boolean => list.includes(ALL) || list.includes(value);

const pathMatches = (pattern: string, path: string): boolean => pattern === path || (pattern.endsWith(ALL) && path.startsWith(pattern.replace(/\*+$/, '')));

/** Whether a rule lets somebody do what is asked. */
export function allows({ verbs, apiGroups, resources = NONE, resourceNames = NONE, nonResourceURLs = NONE }: PolicyRule, { verb, group, resource, subresource, name, path }: Attributes): boolean {
  if (!includes(verbs, verb)) return false;
  if (path) return nonResourceURLs.some((pattern) => pathMatches(pattern, path));
  const combined = subresource ? `${resource}/${subresource}` : resource;
  return includes(apiGroups, group)
    && (includes(resources, combined) || (subresource !== '' && resources.includes(`*/${subresource}`)))
    && (resourceNames.length === 0 || resourceNames.includes(name));
}

/** What of some rules others do not include, taken apart to one verb, group, resource and name each. */
export const uncovered = (owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] =>
  wanted.flatMap(atoms).filter((atom) => !owned.some((rule) => covers(rule, atom)));

/** Rules that nobody has validated yet may lack their verbs. */
function atoms({ verbs: given, apiGroups = NONE, resources = NONE, resourceNames = NONE, nonResourceURLs = NONE }: Omit<PolicyRule, 'verbs'> & { verbs: readonly string[] | null }): PolicyRule[] {
  const verbs = given ?? NONE;
  const onResources = apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.flatMap((verb) => {
    const atom = { verbs: [verb], apiGroups: [group], resources: [resource] };
    return resourceNames.length === 0 ? [atom] : resourceNames.map((name) => ({ ...atom, resourceNames: [name] }));
  })));
  return [...onResources, ...nonResourceURLs.flatMap((url) => verbs.map((verb) => ({ verbs: [verb], nonResourceURLs: [url] })))];
}

function covers(owner: PolicyRule, { verbs: [verb = ''], apiGroups: [group] = NONE, resources: [resource] = NONE, resourceNames: [name] = NONE, nonResourceURLs: [url] = NONE }: PolicyRule): boolean {
  if (!includes(owner.verbs, verb)) return false;
  if (url !== undefined) return (owner.nonResourceURLs ?? NONE).some((pattern) => pathMatches(pattern, url));
  const [, subresource] = /\/(.*)$/.exec(resource!) ?? [];
  const names = owner.resourceNames ?? NONE;
  return includes(owner.apiGroups, group!)
    && (includes(owner.resources, resource!) || (subresource !== undefined && owner.resources!.includes(`*/${subresource}`)))
    && (names.length === 0 || (name !== undefined && names.includes(name)));
}

/** Rules as refusals show them, sorted, those about the same resource as one: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. */
export function describeRules(rules: readonly PolicyRule[]): string[] {
  const verbsOf = new Map<string, string[]>();
  for (const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } of rules) {
    const parts = Object.entries({ APIGroups: apiGroups, Resources: resources, ResourceNames: resourceNames }).flatMap(([field, values]) => (values ? [`${field}:${quoted(values)}`] : []));
    const subject = nonResourceURLs ? `NonResourceURLs:${quoted(nonResourceURLs)}` : parts.join(', ');
    // Paths are not gathered.
    const key = nonResourceURLs ? `${subject}, ${verbs.join()}` : subject;
    verbsOf.set(key, [...(verbsOf.get(key) ?? []), ...verbs]);
  }
  return [...verbsOf].map(([key, verbs]) => `{${key.startsWith('NonResource') ? key.slice(0, key.lastIndexOf(', ')) : key}, Verbs:${quoted(verbs)}}`).sort();
}

const quoted = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
