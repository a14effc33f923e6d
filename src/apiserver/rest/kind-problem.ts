import type { ApiObject, ResourceDefinition } from '../contracts.js';
import type { RestContext } from './context.js';
import { apiVersionOf, groupVersionOf } from '../group-version.js';

/** A patch can put anything where a text belongs, even objects that cannot become one. */
export const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Groups whose Go package is called otherwise than the first part of their name. */
export const goPackage = (group: string): string => (group === '' ? 'core' : group.split('.')[0]!);

/** What is wrong with the kind that an object says it is of; one that says none is of the wanted one. */
export function kindProblem({ registry }: RestContext, object: ApiObject, { kind, group, version, custom }: ResourceDefinition): string | undefined {
  const given = asText(object.kind || kind);
  const givenVersion = asText(object.apiVersion || apiVersionOf({ group, version }));
  if (custom || (given === kind && givenVersion === apiVersionOf({ group, version }))) return undefined;
  const { group: givenGroup, version: servedVersion } = groupVersionOf(givenVersion);
  if (registry.lookupKind(givenGroup, servedVersion, given)) return `converting (${servedVersion}.${given}) to (${goPackage(group)}.${kind}): unknown conversion`;
  return `no kind ${JSON.stringify(given)} is registered for version ${JSON.stringify(givenVersion)} in scheme "pkg/runtime/scheme.go:111"`;
}
