import type { JsonObject } from '../contracts.js';
import type { Dialect } from './component.js';

/** One parameter of an operation. */
export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path';
  readonly type: 'string' | 'integer' | 'boolean';
}

const INTEGERS = new Set(['limit', 'timeoutSeconds', 'gracePeriodSeconds', 'limitBytes', 'sinceSeconds', 'tailLines', 'ports']);
const BOOLEANS = new Set([
  'allowWatchBookmarks', 'sendInitialEvents', 'watch', 'force', 'orphanDependents', 'ignoreStoreReadErrorWithClusterBreakingPotential', 'follow', 'insecureSkipTLSVerifyBackend', 'previous', 'timestamps', 'stderr', 'stdin', 'stdout', 'tty',
]);
const known = new Map<string, Parameter>();

/** The same object for the same name, so that operations can be compared. */
function inQuery(name: string): Parameter {
  const parameter = known.get(name) ?? { name, in: 'query', type: INTEGERS.has(name) ? 'integer' : BOOLEANS.has(name) ? 'boolean' : 'string' };
  known.set(name, parameter);
  return parameter;
}

const query = (names: string): readonly Parameter[] => names.split(' ').map(inQuery);

/** Query parameters by what is done: clients look here before they use one. */
export const LIST = query('allowWatchBookmarks continue fieldSelector labelSelector limit resourceVersion resourceVersionMatch sendInitialEvents timeoutSeconds watch');
/** Of a custom resource. */
export const READ = query('resourceVersion');
export const CREATE = query('dryRun fieldManager fieldValidation');
export const PATCH = query('dryRun fieldManager fieldValidation force');
export const DELETE = query('dryRun gracePeriodSeconds ignoreStoreReadErrorWithClusterBreakingPotential orphanDependents propagationPolicy');
export const DELETE_COLLECTION = query('continue dryRun fieldSelector gracePeriodSeconds ignoreStoreReadErrorWithClusterBreakingPotential labelSelector limit orphanDependents propagationPolicy resourceVersion resourceVersionMatch sendInitialEvents timeoutSeconds');
export const LOG = query('container follow insecureSkipTLSVerifyBackend limitBytes previous sinceSeconds stream tailLines timestamps');

/** What connections with pods, services and nodes are told. */
export const OPTIONS_OF: Readonly<Record<string, readonly Parameter[]>> = {
  PodExecOptions: query('command container stderr stdin stdout tty'),
  PodAttachOptions: query('container stderr stdin stdout tty'),
  PodPortForwardOptions: query('ports'),
  PodProxyOptions: query('path'),
  ServiceProxyOptions: query('path'),
  NodeProxyOptions: query('path'),
};

export const parametersIn = (parameters: readonly Parameter[], { wrapReferences: isV3 }: Dialect): JsonObject[] =>
  parameters.map(({ name, in: where, type }) => ({ name, in: where, ...(where === 'path' && { required: true }), ...(isV3 ? { schema: { type, uniqueItems: true } } : { type, uniqueItems: true }) }));
