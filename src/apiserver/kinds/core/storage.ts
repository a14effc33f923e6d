import type { PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';
import type { CSIDriver, StorageClass } from 'kubernetes-types/storage/v1.js';
import type { ApiObject, Storage } from '../../contracts.js';
import { compareQuantities, parseQuantity } from '../../schema/quantity.js';
import { timestamp } from '../../clock.js';
import { forbidden } from '../../status.js';
import type { KindBehaviour } from '../behaviour.js';
import { defaultClass } from './default-class.js';
import { defaultNetworkVolume } from './pod-defaults.js';
import { persistentVolumeClaimWarnings, persistentVolumeWarnings, storageClassWarnings } from './object-warnings.js';

const DEFAULT_CLASS = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];
/** How classes were named before there was a field. */
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';
const VOLUME_PROTECTION = 'kubernetes.io/pv-protection';
const CLAIM_PROTECTION = 'kubernetes.io/pvc-protection';
const CLASS_PROTECTION = 'kubernetes.io/vac-protection';

function protect(object: ApiObject, finalizer: string): void {
  if (!object.metadata.finalizers?.includes(finalizer)) object.metadata.finalizers = [...(object.metadata.finalizers ?? []), finalizer];
}

export const persistentVolumeBehaviour: KindBehaviour = {
  warnings: persistentVolumeWarnings,
  setDefaults(object) {
    const { spec } = object as unknown as PersistentVolume;
    if (!spec) return;
    spec.persistentVolumeReclaimPolicy ??= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    if (spec.hostPath) spec.hostPath.type ??= '';
    defaultNetworkVolume(spec as Parameters<typeof defaultNetworkVolume>[0]);
  },
  admit: (object) => protect(object, VOLUME_PROTECTION),
  prepareForCreate(object, { clock }) {
    object['status'] = { phase: 'Pending', lastPhaseTransitionTime: timestamp(clock.now()) };
  },
  prepareForUpdate(object, previous, subresource, { clock }) {
    const [status, before] = [object, previous].map((volume) => volume['status'] as { phase?: string; lastPhaseTransitionTime?: string } | undefined);
    if (subresource === 'status' && status && status.phase !== before?.phase && status.lastPhaseTransitionTime === before?.lastPhaseTransitionTime) status.lastPhaseTransitionTime = timestamp(clock.now());
  },
};

export const persistentVolumeClaimBehaviour: KindBehaviour = {
  warnings: persistentVolumeClaimWarnings,
  setDefaults(object) {
    const { spec } = object as unknown as PersistentVolumeClaim;
    if (!spec) return;
    spec.volumeMode ??= 'Filesystem';
    for (const source of [spec.dataSource, spec.dataSourceRef]) if (source) Object.assign(source, { apiGroup: source.apiGroup ?? null });
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
    settleDataSource((object as unknown as PersistentVolumeClaim).spec);
  },
  prepareForUpdate(object, previous, subresource, { storage }) {
    if (subresource === '') refuseGrowth(object as unknown as PersistentVolumeClaim, previous as unknown as PersistentVolumeClaim, storage);
  },
};

/**
 * Volumes grow only where their class says that they can.
 * @throws {StatusError} Forbidden
 */
function refuseGrowth(claim: PersistentVolumeClaim, previous: PersistentVolumeClaim, storage: Storage): void {
  const [size, before] = [claim, previous].map(({ spec }) => parseQuantity(spec?.resources?.requests?.['storage']));
  const name = claim.spec?.storageClassName;
  if (!size || !before || compareQuantities(size, before) <= 0 || previous.status?.phase !== 'Bound') return;
  const provided = name ? (storage.get('storageclasses.storage.k8s.io', '', name) as unknown as StorageClass | undefined) : undefined;
  if (name !== previous.spec?.storageClassName || !provided?.allowVolumeExpansion) throw forbidden({ group: '', plural: 'persistentvolumeclaims' }, claim.metadata?.name ?? '', 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize');
}

const SNAPSHOT_GROUP = 'snapshot.storage.k8s.io';

/** What a claim's data come from is told in two fields: the older one knows claims and snapshots only, and either says what the other does. */
function settleDataSource(spec: PersistentVolumeClaim['spec']): void {
  if (!spec) return;
  const { dataSource: source } = spec;
  const isKnown = source && (source.apiGroup ? source.apiGroup === SNAPSHOT_GROUP && source.kind === 'VolumeSnapshot' : source.kind === 'PersistentVolumeClaim');
  if (source && !isKnown) delete spec.dataSource;
  if ((spec.dataSourceRef as { namespace?: string } | undefined)?.namespace) delete spec.dataSourceRef;
  if (spec.dataSource) spec.dataSourceRef ??= { ...spec.dataSource };
  else if (spec.dataSourceRef) spec.dataSource = { ...spec.dataSourceRef };
}

export const storageClassBehaviour: KindBehaviour = {
  warnings: storageClassWarnings,
  setDefaults(object) {
    const storageClass = object as unknown as StorageClass;
    storageClass.reclaimPolicy ??= 'Delete';
    storageClass.volumeBindingMode ??= 'Immediate';
  },
};

export const volumeAttributesClassBehaviour: KindBehaviour = { admit: (object) => protect(object, CLASS_PROTECTION) };

export const csiDriverBehaviour: KindBehaviour = {
  setDefaults(object) {
    const spec = (object['spec'] ??= {}) as unknown as CSIDriver['spec'];
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    spec.volumeLifecycleModes ??= ['Persistent'];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
};
