import type { KubeObject, OwnerReference } from '../../../operator/kube/object.js';
import { controllerReference } from '../model/pods.js';
import type { Informer } from '../shell/informer.js';
import { BY_OWNER, ORPHANS } from '../shell/informers.js';
import type { Writer } from '../shell/writer.js';

/** Adopts what matches and has no controller, and lets go of what is owned and no longer matches. The informer has both indexes. */
export async function claim<T extends KubeObject>(writer: Writer, informer: Informer<T>, owner: KubeObject, matches: (object: T) => boolean): Promise<void> {
  const own = async (object: T, reference: OwnerReference[]): Promise<void> => {
    const others = (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
    await writer.patch(informer, object, { metadata: { uid: object.metadata.uid, resourceVersion: object.metadata.resourceVersion, ownerReferences: [...others, ...reference] } });
  };
  for (const object of informer.find(BY_OWNER, owner.metadata.uid)) if (!matches(object)) await own(object, []);
  for (const object of informer.find(ORPHANS, owner.metadata.namespace)) if (!object.metadata.deletionTimestamp && matches(object)) await own(object, [controllerReference(owner)]);
}
