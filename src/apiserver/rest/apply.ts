import type { ApiObject, ResourceDefinition } from '../contracts.js';
import { apply } from '../patch/apply.js';
import { untypedPart } from '../patch/typed-value.js';
import { undeclaredFieldText } from '../schema/unknown-field.js';
import { badRequest, conflict, invalid, StatusError } from '../status.js';
import { deepClone } from '../storage/deep.js';
import type { RestContext, RestResult } from './context.js';
import { createDecoded } from './create.js';
import type { RequestInfo } from './request-info.js';
import { matchUrl } from './strategy.js';
import { guaranteedUpdate } from './update.js';
import { apiVersionOf } from './versions.js';
import { decoded, type WriteOptions } from './write-options.js';

/** PATCH by server-side apply; makes the object where there is none. */
export async function applyPatch(ctx: RestContext, info: RequestInfo, body: unknown, options: WriteOptions): Promise<RestResult> {
  const { definition, namespace, name, subresource, query } = info;
  if (!query.get('fieldManager')) {
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [{ reason: 'FieldValueRequired', field: 'fieldManager', message: 'Required value: is required for apply patch' }]);
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest('error decoding YAML: the configuration must be an object');
  const config = body as ApiObject;
  if (config.apiVersion !== apiVersionOf(definition) || config.kind !== definition.kind) throw badRequest(`invalid object type: ${typeText(config)}`);
  const metadata: unknown = config.metadata ?? {};
  if (typeof metadata !== 'object' || Array.isArray(metadata)) throw badRequest('metadata: Invalid value: must be an object');
  config.metadata = { ...metadata };
  if (config.metadata.managedFields) throw badRequest('metadata.managedFields must be nil');
  refuseUntyped(definition, config);
  const named = Boolean(config.metadata.name);
  matchUrl(ctx, config, definition, namespace, name);

  if (subresource === '' && !ctx.storage.get(definition.storageResource, namespace, name)) {
    return { type: 'object', status: 201, definition, object: await createApplied(ctx, info, config, { ...options, named }) };
  }
  let managedFields: ApiObject['metadata']['managedFields'];
  const object = await guaranteedUpdate(ctx, info, options, {
    modify(current) {
      const next = apply(ctx, definition, current, config, subresource, { ...options, named });
      refuseDuplicates(options);
      managedFields = next.metadata.managedFields;
      definition.setDefaults(next);
      return next;
    },
    track(_current, next) {
      if (managedFields?.length) next.metadata.managedFields = managedFields;
      else delete next.metadata.managedFields;
    },
  });
  return { type: 'object', status: 200, definition, object };
}

/** What applies must say is all of the schema, whatever `fieldValidation` asks for: nobody could own it otherwise. */
function refuseUntyped(definition: ResourceDefinition, config: ApiObject): void {
  const { metadata } = config;
  const untyped = (problem: string): StatusError => new StatusError(500, '', `failed to create typed patch object (${metadata.namespace ?? ''}/${metadata.name ?? ''}; ${typeText(config)}): ${problem}`);
  const misfit = untypedPart(config, definition.schema);
  if (misfit !== undefined) throw untyped(misfit);
  const problems = decoded(() => definition.prune(config), ({ message }) => untyped(message)).map(undeclaredFieldText);
  if (problems.length > 0) throw untyped(problems.length === 1 ? problems[0]! : ['errors:', ...problems.map((problem) => `  ${problem}`)].join('\n'));
}

/** `/v1, Kind=Secret` */
function typeText({ apiVersion = '', kind = '' }: Partial<ApiObject>): string {
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

function refuseDuplicates({ fieldValidation, warn, duplicates }: WriteOptions): void {
  for (const { text } of fieldValidation === 'Ignore' ? [] : (duplicates?.problems ?? [])) {
    const problem = `error converting YAML to JSON: ${text}`;
    if (fieldValidation === 'Strict') throw badRequest(`error strict decoding YAML: ${problem}`);
    warn(problem);
  }
}

async function createApplied(ctx: RestContext, { definition, name }: RequestInfo, config: ApiObject, options: WriteOptions & { named: boolean }): Promise<ApiObject> {
  const { uid } = config.metadata;
  if (uid) throw conflict(definition, name, `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`);
  delete config.metadata.resourceVersion;
  const object = apply(ctx, definition, undefined, deepClone(config), '', options);
  refuseDuplicates(options);
  const { managedFields } = object.metadata;
  definition.setDefaults(object);
  return createDecoded(ctx, definition, object, options, (complete) => {
    if (managedFields?.length) complete.metadata.managedFields = managedFields;
  });
}
