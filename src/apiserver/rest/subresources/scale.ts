import { admissionRequest, admitChanges, admitResult } from '../../admission/admit.js';
import type { ApiObject, Cause, JsonObject, ManagedFieldsEntry, ScalePaths } from '../../contracts.js';
import { asGoStruct } from '../../kinds/go-struct.js';
import { builtinSchema } from '../../kinds/type-catalogue.js';
import { trackUpdate } from '../../patch/managed-fields.js';
import { parentManagers, scaleManagers } from '../../patch/scale-managers.js';
import { decodeBuiltin } from '../../schema/decode.js';
import { schemaNode } from '../../schema/schema-node.js';
import { internalError, invalid, notFound, unknownPath, unsupportedMediaType } from '../../status.js';
import { scaleTable } from '../../table/workload-tables.js';
import { applyTo, readApplied } from '../apply.js';
import type { AdmissionRequest, RestContext, RestResult } from '../context.js';
import { fieldsOf, readPath, writePath } from '../json-path.js';
import { formatLabelSelector } from '../label-selector.js';
import { APPLY_YAML, patched, patchTypes, STRATEGIC_MERGE_PATCH } from '../patch.js';
import type { RequestInfo } from '../request-info.js';
import { matchUrl } from '../strategy.js';
import { guaranteedUpdate, refuseOtherUid } from '../update.js';
import { oneFromStorage } from '../versions.js';
import { pruneUnknown, type WriteOptions } from '../write-options.js';

const SCALE = { group: 'autoscaling', kind: 'Scale' };
const SCALE_SCHEMA = builtinSchema('autoscaling.v1.Scale');
const SCALE_NODE = schemaNode(SCALE_SCHEMA);

/** An `autoscaling/v1` Scale. */
interface Scale extends ApiObject {
  spec?: { replicas?: number };
}

export async function getScale(ctx: RestContext, { definition, namespace, name }: RequestInfo): Promise<RestResult> {
  const stored = ctx.storage.get(definition.storageResource, namespace, name);
  if (!stored) throw notFound(definition, name);
  const object = await oneFromStorage(ctx, definition, stored);
  const paths = pathsOf(definition);
  if (definition.custom && readPath(object, paths.specReplicasPath) === undefined) throw internalError(`the spec replicas field ${JSON.stringify(paths.specReplicasPath)} does not exist`);
  return { type: 'object', status: 200, object: scaleOf(object, paths), columns: scaleTable };
}

/** PUT of a Scale. */
export function updateScale(ctx: RestContext, info: RequestInfo, body: ApiObject, options: WriteOptions): Promise<RestResult> {
  const { definition, namespace, name } = scaleInfo(info);
  matchUrl(ctx, body, definition, namespace, name);
  pruneUnknown(definition, body, options);
  return writeScale(ctx, info, options, () => structuredClone(body));
}

/** PATCH of a Scale, in any of the built-in kinds' patch types. */
export function patchScale(ctx: RestContext, info: RequestInfo, contentType: string, body: unknown, options: WriteOptions): Promise<RestResult> {
  const scale = scaleInfo(info);
  if (info.definition.custom && contentType === STRATEGIC_MERGE_PATCH) throw unsupportedMediaType(patchTypes(info.definition));
  if (contentType !== APPLY_YAML) return writeScale(ctx, info, options, patched(ctx, scale, contentType, body, options));
  const applied = readApplied(ctx, scale, body);
  return writeScale(ctx, info, options, (current) => applyTo(ctx, scale, current, applied, options), (_current, next) => next);
}

/** The request, as one for an object of kind Scale. */
const scaleInfo = (info: RequestInfo): RequestInfo => ({
  ...info,
  definition: { ...info.definition, ...SCALE, version: 'v1', custom: false, statusSubresource: false, schema: SCALE_NODE, prune: (scale) => decodeBuiltin(scale, SCALE_SCHEMA), setDefaults: () => undefined, complete: (scale) => asGoStruct(scale, SCALE_SCHEMA) },
});

/** @param track fills the `managedFields` of the changed Scale. */
async function writeScale(
  ctx: RestContext,
  info: RequestInfo,
  options: WriteOptions,
  change: (scale: ApiObject) => ApiObject,
  track = (current: ApiObject, next: ApiObject): void => trackUpdate(ctx, scaleInfo(info).definition, current, next, 'scale', options),
): Promise<RestResult> {
  const { definition, name } = info;
  const paths = pathsOf(definition);
  const replicasPath = fieldsOf(paths.specReplicasPath).map((field) => `f:${field}`);
  let managedFields: ManagedFieldsEntry[];
  const object = await guaranteedUpdate(ctx, info, options, {
    async modify(current) {
      const { managedFields: entries = [] } = current.metadata;
      const scale = scaleOf(current, paths);
      const owners = scaleManagers(entries, replicasPath);
      if (owners.length > 0) scale.metadata.managedFields = owners;
      const wanted = change(scale) as Scale;
      track(scale, wanted);
      managedFields = parentManagers(entries, wanted.metadata.managedFields ?? [], replicasPath, definition);
      const before = scaleOf(current, paths);
      const after: Scale = { ...structuredClone(before), spec: { ...wanted.spec } };
      const admission: AdmissionRequest = { ...admissionRequest('UPDATE', definition, 'scale', after, before, options), kind: { ...SCALE, version: 'v1' } };
      await admitChanges(ctx, admission);
      const { replicas = 0 } = after.spec ?? {};
      if (replicas < 0) throw definition.custom ? invalid(definition, name, [negative(paths.specReplicasPath, replicas, 'should be a non-negative integer')]) : invalid(SCALE, name, [negative('spec.replicas', replicas, 'must be greater than or equal to 0')]);
      await admitResult(ctx, admission);
      const next = structuredClone(current);
      refuseOtherUid(info, wanted, current);
      if (wanted.metadata.resourceVersion) next.metadata.resourceVersion = wanted.metadata.resourceVersion;
      else delete next.metadata.resourceVersion;
      writePath(next, paths.specReplicasPath, replicas);
      return next;
    },
    track(_current, next) {
      if (managedFields.length > 0) next.metadata.managedFields = managedFields;
      else delete next.metadata.managedFields;
    },
  });
  return { type: 'object', status: 200, object: scaleOf(object, paths), columns: scaleTable };
}

const negative = (field: string, replicas: number, problem: string): Cause => ({ reason: 'FieldValueInvalid', field, message: `Invalid value: ${replicas}: ${problem}` });

function scaleOf(object: ApiObject, { specReplicasPath, statusReplicasPath, labelSelectorPath }: ScalePaths): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = labelSelectorPath ? readPath(object, labelSelectorPath) : undefined;
  const replicas = readPath(object, specReplicasPath);
  const selectorText = typeof selector === 'string' ? selector : selectorOf(selector as JsonObject | undefined);
  return JSON.parse(
    JSON.stringify({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
      spec: typeof replicas === 'number' && replicas !== 0 ? { replicas } : {},
      status: { replicas: readPath(object, statusReplicasPath) ?? 0, ...(selectorText && { selector: selectorText }) },
    }),
  ) as Scale;
}

/** A ReplicationController's selector is a plain map of labels. */
function selectorOf(selector: JsonObject | undefined): string {
  if (selector && !('matchLabels' in selector) && !('matchExpressions' in selector)) return formatLabelSelector({ matchLabels: selector });
  return formatLabelSelector(selector);
}

function pathsOf({ subresources: { scalePaths } }: RequestInfo['definition']): ScalePaths {
  if (!scalePaths) throw unknownPath();
  return scalePaths;
}
