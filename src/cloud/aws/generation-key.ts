import type { KubeObject } from '../../operator/kube/object.js';

/** Equal as long as the object's spec is. */
export const generationKey = ({ metadata: { uid, generation } }: KubeObject): string => `${uid}-${generation ?? 0}`;
