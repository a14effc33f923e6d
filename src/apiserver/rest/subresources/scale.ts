import type { ApiObject, JsonObject, ScalePaths } from '../../contracts.js';
import { builtinSchema } from '../../kinds/type-catalogue.js';
import { trackUpdate } from '../../patch/managed-fields.js';
import { decodeBuiltin } from '../../schema/decode.js';
import { badRequest, internalError, invalid, notFound, unknownPath } from '../../status.js';
import type { RestContext, RestResult } from '../context.js';
import { readPath, writePath } from '../json-path.js';
import { formatLabelSelector } from '../label-selector.js';
import { patcher } from '../patch.js';
import type { RequestInfo } from '../request-info.js';
import { guaranteedUpdate } from '../update.js';
import { oneFromStorage } from '../versions.js';
import { cannotBeHandled, decoded, type WriteOptions } from '../write-options.js';

const SCALE = { group: 'autoscaling', kind: 'Scale' };

/** An `autoscaling/v1` Scale. */
interface Scale extends ApiObject {
  spec: { replicas?: number };
}

export async function getScale(ctx: RestContext, { definition, namespace, name }: RequestInfo): Promise<RestResult> {
  const stored = ctx.storage.get(definition.storageResource, namespace, name);
  if (!stored) throw notFound(definition, name);
  return { type: 'object', status: 200, object: scaleOf(await oneFromStorage(ctx, definition, stored), definition.custom, pathsOf(definition)) };
}

/** PUT of a Scale. */
export function updateScale(ctx: RestContext, info: RequestInfo, body: ApiObject, options: WriteOptions): Promise<RestResult> {
  return writeScale(ctx, info, options, () => body);
}

/** PATCH of a Scale, in any of the built-in kinds' patch types. */
export function patchScale(ctx: RestContext, info: RequestInfo, contentType: string, body: unknown, options: WriteOptions): Promise<RestResult> {
  const apply = patcher({ ...info.definition, custom: false, schema: {} }, contentType, body);
  return writeScale(ctx, info, options, (scale) => apply(scale) as ApiObject | null);
}

async function writeScale(ctx: RestContext, info: RequestInfo, options: WriteOptions, change: (scale: Scale) => ApiObject | null): Promise<RestResult> {
  const { definition, name } = info;
  const paths = pathsOf(definition);
  const object = await guaranteedUpdate(ctx, info, options, {
    modify(current) {
      const wanted = change(scaleOf(current, definition.custom, paths));
      if (typeof wanted !== 'object' || wanted === null || typeof wanted.metadata !== 'object' || wanted.metadata === null) throw badRequest('the patch made something that is not a Scale with metadata');
      if (wanted.kind !== 'Scale' || wanted.apiVersion !== 'autoscaling/v1') {
        const version = wanted.apiVersion.split('/').at(-1);
        throw cannotBeHandled({ kind: 'Scale', version: 'v1' }, { kind: wanted.kind, version: version ?? '' })({ message: `converting (${version}.${wanted.kind}) to (autoscaling.Scale): unknown conversion` });
      }
      decoded(() => decodeBuiltin(wanted, builtinSchema('autoscaling.v1.Scale')), cannotBeHandled({ kind: 'Scale', version: 'v1' }));
      const { replicas = 0 } = (wanted['spec'] ?? {}) as { replicas?: number };
      if (replicas < 0 && definition.custom) throw invalid(definition, name, [{ reason: 'FieldValueInvalid', field: paths.specReplicasPath, message: `Invalid value: ${replicas}: should be a non-negative integer` }]);
      if (replicas < 0) throw invalid(SCALE, name, [{ reason: 'FieldValueInvalid', field: 'spec.replicas', message: `Invalid value: ${replicas}: must be greater than or equal to 0` }]);
      if (wanted.metadata.name && wanted.metadata.name !== name) throw badRequest(`the name of the object (${wanted.metadata.name}) does not match the name on the URL (${name})`);
      const next = structuredClone(current);
      if (wanted.metadata.uid) next.metadata.uid = wanted.metadata.uid;
      if (wanted.metadata.resourceVersion) next.metadata.resourceVersion = wanted.metadata.resourceVersion;
      else delete next.metadata.resourceVersion;
      writePath(next, paths.specReplicasPath, replicas);
      return next;
    },
    track: (current, next) => trackUpdate(ctx, definition, current, next, 'scale', options),
  });
  return { type: 'object', status: 200, object: scaleOf(object, definition.custom, paths) };
}

function scaleOf(object: ApiObject, custom: boolean, { specReplicasPath, statusReplicasPath, labelSelectorPath }: ScalePaths): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = labelSelectorPath ? readPath(object, labelSelectorPath) : undefined;
  const replicas = readPath(object, specReplicasPath);
  if (replicas === undefined && custom) throw internalError(`the spec replicas field ${JSON.stringify(specReplicasPath)} does not exist`);
  const selectorText = typeof selector === 'string' ? selector : selectorOf(selector as JsonObject | undefined);
  return JSON.parse(
    JSON.stringify({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
      spec: typeof replicas === 'number' ? { replicas } : {},
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
