import { AWS_GROUP } from '../labels.js';
import type { NodeClassReference } from '../nodeclaim.js';

/** How v1beta1 names a node class: by API version, of which only the group mattered. */
export interface V1Beta1NodeClassReference {
  apiVersion?: string;
  kind?: string;
  name: string;
}

/** The node class that pools without a reference launch from. */
export const DEFAULT_NODECLASS_REFERENCE: NodeClassReference = { group: AWS_GROUP, kind: 'EC2NodeClass', name: 'default' };

export const referenceToV1 = (reference: V1Beta1NodeClassReference | undefined): NodeClassReference => ({
  group: reference?.apiVersion?.split('/')[0] || DEFAULT_NODECLASS_REFERENCE.group,
  kind: reference?.kind || DEFAULT_NODECLASS_REFERENCE.kind,
  name: reference?.name ?? DEFAULT_NODECLASS_REFERENCE.name,
});

export const referenceFromV1 = ({ group, kind, name }: NodeClassReference): V1Beta1NodeClassReference => ({ apiVersion: `${group}/v1beta1`, kind, name });
