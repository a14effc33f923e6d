import type { ApiObject, ResourceDefinition } from '../contracts.js';
import { apply } from '../patch/apply.js';
import { KUBECTL, lastAppliedText } from '../patch/last-applied.js';
import { keyedPath, untypedParts } from '../patch/typed-value.js';
import type { DecodeError } from '../schema/decode-error.js';
import { undeclaredFieldText } from '../schema/unknown-field.js';
import { badRequest, conflict, invalid, StatusError } from '../status.js';
import { deepClone } from '../storage/deep.js';
import type { RestContext, RestResult } from './context.js';
import { createDecoded } from './create.js';
import type { RequestInfo } from './request-info.js';
import { matchUrl, nameless } from './strategy.js';
import { guaranteedUpdate } from './update.js';
import { apiVersionOf } from '../group-version.js';
import { decoded, type WriteOptions } from './write-options.js';

/** What a client applies. */
export interface AppliedConfig {
  config: ApiObject;
  /** Whether it says what the object is called. */
  named: boolean;
  /** As kubectl keeps it in an annotation; absent unless it is kubectl that applies. */
  lastApplied?: string;
}

/** PATCH by server-side apply; makes the object where there is none. */
export async function applyPatch(ctx: RestContext, info: RequestInfo, body: unknown, options: WriteOptions): Promise<RestResult> {
  const { definition, namespace, name, subresource } = info;
  const applied = readApplied(ctx, info, body);
  if (subresource === '' && !ctx.storage.get(definition.storageResource, namespace, name)) {
    return { type: 'object', status: 201, definition, object: await createApplied(ctx, info, applied, options) };
  }
  let managedFields: ApiObject['metadata']['managedFields'];
  const object = await guaranteedUpdate(ctx, info, options, {
    modify(current) {
      const next = applyTo(ctx, info, current, applied, options);
      managedFields = next.metadata.managedFields;
      complete(definition, next);
      return next;
    },
    track: (_current, next) => keepManagers(next, managedFields),
  });
  return { type: 'object', status: 200, definition, object };
}

/** The body of an apply, checked as far as that goes without the object that it is for. */
export function readApplied(ctx: RestContext, { definition, namespace, name, query }: Pick<RequestInfo, 'definition' | 'namespace' | 'name' | 'query'>, body: unknown): AppliedConfig {
  if (!query.get('fieldManager')) {
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [{ reason: 'FieldValueRequired', field: 'fieldManager', message: 'Required value: is required for apply patch' }]);
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest('error decoding YAML: the configuration must be an object');
  const config = body as ApiObject;
  const lastApplied = query.get('fieldManager') === KUBECTL ? lastAppliedText(config) : undefined;
  if (config.apiVersion !== apiVersionOf(definition) || config.kind !== definition.kind) throw badRequest(`invalid object type: ${typeText(config)}`);
  const metadata: unknown = config.metadata ?? {};
  if (typeof metadata !== 'object' || Array.isArray(metadata)) throw badRequest('metadata: Invalid value: must be an object');
  config.metadata = { ...metadata };
  if (config.metadata.managedFields) throw badRequest('metadata.managedFields must be nil');
  refuseUntyped(definition, config);
  const named = Boolean(config.metadata.name);
  config.metadata.name ||= name;
  matchUrl(ctx, config, definition, namespace, name);
  return { config, named, ...(lastApplied !== undefined && { lastApplied }) };
}

/** What is applied, laid over what is there. */
export function applyTo(ctx: RestContext, { definition, subresource }: Pick<RequestInfo, 'definition' | 'subresource'>, current: ApiObject, { config, ...applied }: AppliedConfig, options: WriteOptions): ApiObject {
  const next = apply(ctx, definition, current, config, subresource, { ...options, ...applied });
  refuseDuplicates(options);
  return next;
}

/** What applies must say is all of the schema, whatever `fieldValidation` asks for: nobody could own it otherwise. */
function refuseUntyped(definition: ResourceDefinition, config: ApiObject): void {
  const { metadata } = config;
  const what = `object (${metadata.namespace ?? ''}/${metadata.name ?? ''}; ${typeText(config)})`;
  const untyped = (problems: readonly string[]): StatusError => new StatusError(500, '', `failed to create typed patch ${what}: ${problems.length === 1 ? problems[0]! : ['errors:', ...problems.map((problem) => `  ${problem}`)].join('\n')}`);
  const misfits = untypedParts(config, definition.schema);
  if (misfits.length > 0) throw untyped(misfits);
  const unconverted = ({ converted }: DecodeError): StatusError => new StatusError(500, '', `failed to convert new ${what} to proper version: unable to convert unstructured object to ${typeText(config)}: ${converted()}`);
  const unknown = decoded(() => definition.prune(deepClone(config)), unconverted);
  if (unknown.length > 0) throw untyped(unknown.map((field) => undeclaredFieldText({ ...field, path: keyedPath(field.path, config, definition.schema) })));
}

/** `/v1, Kind=Secret` */
function typeText({ apiVersion = '', kind = '' }: Partial<ApiObject>): string {
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

function refuseDuplicates({ fieldValidation, warn, duplicates }: WriteOptions): void {
  for (const { text } of fieldValidation === 'Ignore' ? [] : (duplicates?.problems ?? [])) {
    const problem = `error converting YAML to JSON: ${text}`;
    if (fieldValidation === 'Strict') throw badRequest(`error strict decoding YAML: ${problem}`);
    problem.replace(/^error converting YAML to JSON: yaml: unmarshal errors:\n/, '').split('\n').forEach((line) => warn(line.trim()));
  }
}

/** What was laid over the object is there as it was written; nulls have said what they are to. */
function complete(definition: ResourceDefinition, object: ApiObject): void {
  definition.prune(object);
  definition.setDefaults(object, { keepsNulls: true });
}

function keepManagers({ metadata }: ApiObject, managedFields: ApiObject['metadata']['managedFields']): void {
  if (managedFields?.length) metadata.managedFields = managedFields;
  else delete metadata.managedFields;
}

async function createApplied(ctx: RestContext, { definition, name }: RequestInfo, { config, named }: AppliedConfig, options: WriteOptions): Promise<ApiObject> {
  if (!named) throw nameless(name);
  const { uid } = config.metadata;
  if (uid) throw conflict(definition, name, `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`);
  if (!options.dryRun) delete config.metadata.resourceVersion;
  const object = apply(ctx, definition, undefined, deepClone(config), '', { ...options, named });
  refuseDuplicates(options);
  const { managedFields } = object.metadata;
  complete(definition, object);
  return createDecoded(ctx, definition, object, options, (complete) => {
    keepManagers(complete, managedFields);
  });
}
