import { admitResult, admitSubresource } from '../../admission/admit.js';
import { timestamp } from '../../clock.js';
import type { ApiObject, JsonObject } from '../../contracts.js';
import { builtinSchema } from '../../kinds/type-catalogue.js';
import { badRequest, conflict, notFound, StatusError } from '../../status.js';
import type { RestContext, RestResult } from '../context.js';
import type { RequestInfo } from '../request-info.js';
import { setCondition } from '../pod-condition.js';
import { success } from '../success.js';
import type { WriteOptions } from '../write-options.js';

const BINDING = { group: '', version: 'v1', kind: 'Binding', schema: builtinSchema('core.v1.Binding') };
const BINDINGS = { group: '', plural: 'pods/binding' };

/** POST of a pod's `binding`: assigns it to a node, once. */
export async function bind(ctx: RestContext, info: RequestInfo, binding: ApiObject, options: WriteOptions): Promise<RestResult> {
  const { storage, clock } = ctx;
  const { namespace, name } = info;
  const admission = await admitSubresource(ctx, info, BINDING, binding, options);
  if (binding.metadata.name !== name) throw badRequest('name in URL does not match name in Binding object');
  const { kind = '', name: nodeName = '' } = (binding['target'] ?? {}) as { kind?: string; name?: string };
  if (kind !== '' && kind !== 'Node') {
    throw new StatusError(500, '', `target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`);
  }
  if (!nodeName) throw new StatusError(500, '', 'target.name: Required value');
  await admitResult(ctx, admission);

  const pod = storage.get('pods', namespace, name);
  if (!pod) throw notFound({ group: '', plural: 'pods' }, name);
  const { uid, deletionTimestamp, annotations, labels } = pod.metadata;
  const spec = (pod['spec'] ?? {}) as { nodeName?: string; schedulingGates?: unknown[] };
  if (binding.metadata.uid && binding.metadata.uid !== uid) {
    throw conflict(BINDINGS, name, `Precondition failed: UID in precondition: ${binding.metadata.uid}, UID in object meta: ${uid}`);
  }
  if (deletionTimestamp) throw conflict(BINDINGS, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if (spec.nodeName) throw conflict(BINDINGS, name, `pod ${name} is already assigned to node ${JSON.stringify(spec.nodeName)}`);
  if (spec.schedulingGates?.length) throw conflict(BINDINGS, name, `pod ${name} has non-empty .spec.schedulingGates`);

  const bound: ApiObject = {
    ...pod,
    metadata: { ...pod.metadata, ...(binding.metadata.annotations && { annotations: { ...annotations, ...binding.metadata.annotations } }), ...(binding.metadata.labels && { labels: { ...labels, ...binding.metadata.labels } }) },
    spec: { ...spec, nodeName },
    status: setCondition(pod['status'] as JsonObject | undefined, { type: 'PodScheduled', status: 'True', lastProbeTime: null }, timestamp(clock.now())),
  };
  if (!options.dryRun) storage.update('pods', bound);
  return success(201);
}
