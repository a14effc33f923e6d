import type { PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';
import type { CSIDriver, StorageClass } from 'kubernetes-types/storage/v1.js';
import type { ApiObject } from '../../contracts.js';
import type { KindBehaviour } from '../behaviour.js';
import { defaultClass } from './default-class.js';

const DEFAULT_CLASS = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];
/** How classes were named before there was a field. */
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';
const VOLUME_PROTECTION = 'kubernetes.io/pv-protection';
const CLAIM_PROTECTION = 'kubernetes.io/pvc-protection';

function protect(object: ApiObject, finalizer: string): void {
  if (!object.metadata.finalizers?.includes(finalizer)) object.metadata.finalizers = [...(object.metadata.finalizers ?? []), finalizer];
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
    if (spec && spec.storageClassName === undefined && object.metadata.annotations?.[CLASS_ANNOTATION] === undefined) {
      const name = defaultClass(storage, 'storageclasses.storage.k8s.io', ...DEFAULT_CLASS);
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
