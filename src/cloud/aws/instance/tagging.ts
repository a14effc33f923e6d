import type { NodeClaim } from '../../../api/nodeclaim.js';
import type { AwsSettings } from '../settings.js';
import { CLUSTER_NAME_TAG, NAME_TAG, NODECLAIM_TAG } from '../tags.js';
import { instanceIDOf } from './instance.js';
import type { InstanceProvider } from './provider.js';

/**
 * Gives a registered claim's instance the tags that are known only now: its node's name, the claim's, and the cluster's when
 * an old version left it out. Tags that are there stay as they are. `unchanged` when none was missing; `gone` when the
 * instance is. Throws `InvalidProviderID`.
 */
export async function tagInstance(
  instances: InstanceProvider,
  { clusterName }: Pick<AwsSettings, 'clusterName'>,
  claim: Pick<NodeClaim, 'metadata' | 'status'>,
  signal?: AbortSignal,
): Promise<'tagged' | 'unchanged' | 'gone'> {
  const id = instanceIDOf(claim.status.providerID ?? '');
  const instance = await instances.get(id);
  if (instance === undefined) return 'gone';
  const wanted = {
    ...(claim.status.nodeName ? { [NAME_TAG]: claim.status.nodeName } : {}),
    [NODECLAIM_TAG]: claim.metadata.name,
    [CLUSTER_NAME_TAG]: clusterName,
  };
  const missing = Object.fromEntries(Object.entries(wanted).filter(([key]) => !Object.hasOwn(instance.tags, key)));
  return Object.keys(missing).length === 0 ? 'unchanged' : instances.createTags(id, missing, signal);
}
