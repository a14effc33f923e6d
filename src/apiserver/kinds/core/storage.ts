import type { PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';
import type { CSIDriver, StorageClass } from 'kubernetes-types/storage/v1.js';
import type { ApiObject, Storage } from '../../contracts.js';
import type { KindBehaviour } from '../behaviour.js';

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';
const VOLUME_PROTECTION = 'kubernetes.io/pv-protection';
const CLAIM_PROTECTION = 'kubernetes.io/pvc-protection';

function protect(object: ApiObject, finalizer: string): void {
  if (!object.metadata.finalizers?.includes(finalizer)) object.metadata.finalizers = [...(object.metadata.finalizers ?? []), finalizer];
}

/** The newest of the classes that are marked as default; none when there are none. */
function defaultClass(storage: Storage): string | undefined {
  const candidates = storage.list('storageclasses.storage.k8s.io').filter(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true');
  const newest = candidates.sort((a, b) => (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '') || (a.metadata.name ?? '').localeCompare(b.metadata.name ?? ''))[0];
  return newest?.metadata.name;
}

export const persistentVolumeBehaviour: KindBehaviour = {
  setDefaults(object) {
    const { spec } = object as unknown as PersistentVolume;
    if (!spec) return;
    spec.persistentVolumeReclaimPolicy ??= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    if (spec.hostPath) spec.hostPath.type ??= '';
  },
  admit: (object) => protect(object, VOLUME_PROTECTION),
  prepareForCreate(object) {
    object['status'] = { phase: 'Pending' };
  },
};

export const persistentVolumeClaimBehaviour: KindBehaviour = {
  setDefaults(object) {
    const { spec } = object as unknown as PersistentVolumeClaim;
    if (spec) spec.volumeMode ??= 'Filesystem';
  },
  admit(object, { storage }) {
    const { spec } = object as unknown as PersistentVolumeClaim;
    protect(object, CLAIM_PROTECTION);
    if (spec && spec.storageClassName === undefined) {
      const name = defaultClass(storage);
      if (name !== undefined) spec.storageClassName = name;
    }
  },
  prepareForCreate(object) {
    object['status'] = { phase: 'Pending' };
  },
};

export const storageClassBehaviour: KindBehaviour = {
  setDefaults(object) {
    const storageClass = object as unknown as StorageClass;
    storageClass.reclaimPolicy ??= 'Delete';
    storageClass.volumeBindingMode ??= 'Immediate';
  },
};

export const csiDriverBehaviour: KindBehaviour = {
  setDefaults(object) {
    const { spec } = object as unknown as CSIDriver;
    if (!spec) return;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    spec.volumeLifecycleModes ??= ['Persistent'];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
};
