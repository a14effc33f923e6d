import type { MatchResources } from 'kubernetes-types/admissionregistration/v1.js';
import type { JsonObject, ResourceDefinition } from '../contracts.js';
import type { AdmissionRequest, RestContext } from '../rest/context.js';
import { matchesLabelSelector } from '../rest/label-selector.js';
import type { MatchRule } from './match-rule.js';

type Matching = Pick<RestContext, 'storage' | 'registry'>;

/** Never subject to policies, or a policy could lock out the one that repairs it. */
const EXEMPT = new Set(['validatingadmissionpolicies', 'validatingadmissionpolicybindings', 'validatingwebhookconfigurations', 'mutatingwebhookconfigurations']);

/** The version in which constraints let a request in: the request's own, if they name it, or else an equivalent one. */
export function matchedDefinition(ctx: Matching, constraints: MatchResources | undefined, request: AdmissionRequest): ResourceDefinition | undefined {
  const { definition } = request;
  if (isExempt(definition)) return undefined;
  if (!constraints) return definition;
  const { objectSelector, namespaceSelector } = constraints;
  if (!namespaceMatches(ctx, namespaceSelector as JsonObject | undefined, request) || !objectMatches(objectSelector as JsonObject | undefined, request)) return undefined;
  return rulesMatch(ctx, constraints, request);
}

/** As {@link matchedDefinition}, by the rules alone. */
export function rulesMatch(ctx: Matching, { resourceRules = [], excludeResourceRules = [], matchPolicy }: MatchResources, request: AdmissionRequest): ResourceDefinition | undefined {
  const { definition } = request;
  if (isExempt(definition)) return undefined;
  const others = matchPolicy === 'Exact' ? [] : equivalents(ctx, definition);
  const matched = (rules: readonly MatchRule[]): ResourceDefinition | undefined => {
    if (rules.some((rule) => ruleMatches(rule, request, definition))) return definition;
    for (const rule of rules) for (const other of others) if (ruleMatches(rule, request, other)) return other;
    return undefined;
  };
  if (matched(excludeResourceRules)) return undefined;
  return resourceRules.length === 0 ? definition : matched(resourceRules);
}

const isExempt = ({ group, plural }: ResourceDefinition): boolean => group === 'admissionregistration.k8s.io' && EXEMPT.has(plural);

/** The other versions and groups that the same objects are served in. */
const equivalents = ({ registry }: Pick<RestContext, 'registry'>, definition: ResourceDefinition): ResourceDefinition[] =>
  registry.list().filter((other) => other !== definition && other.storageResource === definition.storageResource);

function ruleMatches({ operations = [], apiGroups = [], apiVersions = [], resources = [], resourceNames = [], scope = '*' }: MatchRule, request: AdmissionRequest, { group, version, plural, namespaced }: ResourceDefinition): boolean {
  const { operation, subresource, name } = request;
  const contains = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value);
  // A Namespace counts as cluster scoped, though its URL names a namespace.
  const inScope = scope === '*' || (scope === 'Namespaced') === namespaced;
  return (
    inScope &&
    contains(operations, operation) &&
    contains(apiGroups, group) &&
    contains(apiVersions, version) &&
    resources.some((resource) => resourceMatches(resource, plural, subresource)) &&
    (resourceNames.length === 0 || resourceNames.includes(name))
  );
}

/** `pods`, `pods/status`, `pods/*`, `*` (no subresources) and `*\/status`. */
function resourceMatches(pattern: string, plural: string, subresource: string): boolean {
  const [resource = '', part = ''] = pattern.split('/');
  return (resource === '*' || resource === plural) && (part === '*' || part === subresource);
}

function namespaceMatches({ storage }: Matching, selector: JsonObject | undefined, { definition, namespace, object, previous }: AdmissionRequest): boolean {
  if (!selector || Object.keys(selector).length === 0) return true;
  if (definition.storageResource === 'namespaces') return matchesLabelSelector(selector, (object ?? previous)!.metadata.labels);
  if (!definition.namespaced) return true;
  return matchesLabelSelector(selector, storage.get('namespaces', '', namespace)?.metadata.labels);
}

function objectMatches(selector: JsonObject | undefined, { object, previous }: AdmissionRequest): boolean {
  if (!selector || Object.keys(selector).length === 0) return true;
  return [object, previous].some((candidate) => candidate !== undefined && matchesLabelSelector(selector, candidate.metadata.labels));
}
