import { keyOfObject } from '../../../operator/kube/object.js';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../model/kinds.js';
import { isTerminal } from '../model/pods.js';
import { isBound, SELECTED_NODE_ANNOTATION } from '../scheduler/volumes.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import { BY_CLAIM } from '../shell/informers.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';
import { BIND_COMPLETED_ANNOTATION, BOUND_BY_CONTROLLER_ANNOTATION, claimOf, defaultClass, isUsed, matchingVolume, STORAGE_PROVISIONER_ANNOTATION } from './volume-plan.js';

const BINDER = 'persistentvolume-controller';
const PROTECTION_FINALIZER = 'kubernetes.io/pvc-protection';
const VOLUME_PROTECTION_FINALIZER = 'kubernetes.io/pv-protection';

/** Binds claims to volumes, asks the provisioner for the volumes that lack, and tells it of those whose claim is gone. */
export class VolumeController implements Component {
  readonly #claims: KeyedWorker;
  readonly #volumes: KeyedWorker;

  constructor(private readonly ctx: ComponentContext) {
    this.#claims = workerOf(ctx, BINDER, (key) => this.#syncClaim(key));
    this.#volumes = workerOf(ctx, BINDER, (key) => this.#syncVolume(key));
  }

  start(): void {
    const { claims, volumes, storageClasses, pods } = this.ctx.informers;
    const pending = (): void => {
      for (const claim of claims.list()) if (!isBound(claim)) this.#claims.enqueue(keyOfObject(claim));
    };
    claims.on(({ object }) => {
      this.#claims.enqueue(keyOfObject(object));
      if (object.spec.volumeName) this.#volumes.enqueue(object.spec.volumeName);
    });
    for (const claim of claims.list()) this.#claims.enqueue(keyOfObject(claim));
    volumes.on(({ type, object }) => {
      this.#volumes.enqueue(object.metadata.name);
      const { claimRef } = object.spec;
      if (claimRef) this.#claims.enqueue(`${claimRef.namespace}/${claimRef.name}`);
      else if (type === 'added') pending();
    });
    for (const volume of volumes.list()) this.#volumes.enqueue(volume.metadata.name);
    storageClasses.on(pending);
    // Claims say that they wait for a consumer, and may go when the last one is gone.
    pods.on(({ type, object }) => {
      if (type !== 'updated' || isTerminal(object)) {
        for (const volume of object.spec.volumes ?? []) if (volume.persistentVolumeClaim) this.#claims.enqueue(`${object.metadata.namespace}/${volume.persistentVolumeClaim.claimName}`);
      }
    });
  }

  stop(): void {
    this.#claims.stop();
    this.#volumes.stop();
  }

  async #syncClaim(key: string): Promise<number | undefined> {
    const { informers, writer, events } = this.ctx;
    const claim = informers.claims.get(key);
    if (!claim) return undefined;
    if (claim.metadata.deletionTimestamp) {
      await this.#releaseClaim(claim, key);
      return undefined;
    }
    if (!claim.metadata.finalizers?.includes(PROTECTION_FINALIZER)) {
      await writer.patch(informers.claims, claim, { metadata: { finalizers: [...(claim.metadata.finalizers ?? []), PROTECTION_FINALIZER] } });
      return 0;
    }
    if (isBound(claim)) {
      if (!informers.volumes.get(claim.spec.volumeName as string)) {
        events.record(BINDER, claim, 'Warning', 'ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
        await writer.patchStatus(informers.claims, claim, { phase: 'Lost' });
      }
      return undefined;
    }
    if (claim.spec.storageClassName === undefined) {
      const chosen = defaultClass(informers.storageClasses.list());
      if (chosen) await writer.patch(informers.claims, claim, { spec: { storageClassName: chosen.metadata.name } });
      else events.record(BINDER, claim, 'Normal', 'FailedBinding', 'no persistent volumes available for this claim and no storage class is set');
      return undefined;
    }
    const storageClass = informers.storageClasses.get(claim.spec.storageClassName);
    const selected = claim.metadata.annotations[SELECTED_NODE_ANNOTATION];
    const volume = matchingVolume(claim, informers.volumes.list());
    const waits = storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && selected === undefined;
    if (volume && (!waits || volume.spec.claimRef)) {
      await this.#bind(claim, volume);
      return undefined;
    }
    if (waits) {
      const consumers = informers.pods.find(BY_CLAIM, key);
      if (consumers.length === 0) events.record(BINDER, claim, 'Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding');
      else events.record(BINDER, claim, 'Normal', 'WaitForPodScheduled', `waiting for pod ${consumers[0]?.metadata.name} to be scheduled`);
      return undefined;
    }
    if (!storageClass) {
      if (claim.spec.storageClassName !== '') events.record(BINDER, claim, 'Warning', 'ProvisioningFailed', `storageclass.storage.k8s.io "${claim.spec.storageClassName}" not found`);
      return undefined;
    }
    await this.#delegate(claim, storageClass);
    return undefined;
  }

  async #bind(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> {
    const { informers, writer } = this.ctx;
    const { name, namespace, uid, resourceVersion } = claim.metadata;
    if (volume.spec.claimRef?.uid !== uid) {
      await writer.patch(informers.volumes, volume, {
        metadata: { resourceVersion: volume.metadata.resourceVersion, annotations: { [BOUND_BY_CONTROLLER_ANNOTATION]: 'yes' } },
        spec: { claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid, resourceVersion } },
      });
    }
    const named = claim.spec.volumeName === volume.metadata.name ? claim : await writer.patch<PersistentVolumeClaim>(informers.claims, claim, {
      metadata: { annotations: { [BIND_COMPLETED_ANNOTATION]: 'yes', [BOUND_BY_CONTROLLER_ANNOTATION]: 'yes' } }, spec: { volumeName: volume.metadata.name },
    });
    const current = informers.claims.get(keyOfObject(named)) ?? named;
    const { accessModes, capacity, volumeAttributesClassName } = volume.spec;
    await writer.patchStatus(informers.claims, current, { phase: 'Bound', accessModes, capacity, ...(volumeAttributesClassName && { currentVolumeAttributesClassName: volumeAttributesClassName }) });
    this.#volumes.enqueue(volume.metadata.name);
  }

  /** Leaves the making of a claim's volume to the provisioner of its class. */
  async #delegate(claim: PersistentVolumeClaim, { provisioner }: StorageClass): Promise<void> {
    const { informers, writer, events } = this.ctx;
    if (claim.metadata.annotations[STORAGE_PROVISIONER_ANNOTATION] !== provisioner) {
      await writer.patch(informers.claims, claim, { metadata: { annotations: { [STORAGE_PROVISIONER_ANNOTATION]: provisioner } } });
    }
    events.record(BINDER, claim, 'Normal', 'ExternalProvisioning', `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`);
  }

  /** A claim stays until no pod uses it. */
  async #releaseClaim(claim: PersistentVolumeClaim, key: string): Promise<void> {
    const { informers, writer } = this.ctx;
    const finalizers = claim.metadata.finalizers ?? [];
    if (!finalizers.includes(PROTECTION_FINALIZER) || informers.pods.find(BY_CLAIM, key).some((pod) => !isTerminal(pod))) return;
    await writer.patch(informers.claims, claim, { metadata: { uid: claim.metadata.uid, finalizers: finalizers.filter((name) => name !== PROTECTION_FINALIZER) } });
  }

  async #syncVolume(name: string): Promise<number | undefined> {
    const { informers, writer } = this.ctx;
    const volume = informers.volumes.get(name);
    if (!volume) return undefined;
    const { finalizers = [], deletionTimestamp } = volume.metadata;
    const claim = claimOf(volume, informers);
    if (deletionTimestamp) {
      if (isUsed(volume, informers) || !finalizers.includes(VOLUME_PROTECTION_FINALIZER)) return undefined;
      await writer.patch(informers.volumes, volume, { metadata: { uid: volume.metadata.uid, finalizers: finalizers.filter((finalizer) => finalizer !== VOLUME_PROTECTION_FINALIZER) } });
      return undefined;
    }
    if (!finalizers.includes(VOLUME_PROTECTION_FINALIZER)) {
      await writer.patch(informers.volumes, volume, { metadata: { finalizers: [...finalizers, VOLUME_PROTECTION_FINALIZER] } });
      return 0;
    }
    if (!volume.spec.claimRef?.uid) await writer.patchStatus(informers.volumes, volume, { phase: 'Available' });
    else if (!claim) await writer.patchStatus(informers.volumes, volume, { phase: 'Released' });
    else if (claim.spec.volumeName === name) await writer.patchStatus(informers.volumes, volume, { phase: 'Bound' });
    return undefined;
  }
}
