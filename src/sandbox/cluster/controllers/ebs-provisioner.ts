import { isAlreadyExists } from '../../../operator/kube/errors.js';
import { keyOfObject } from '../../../operator/kube/object.js';
import type { PersistentVolumeClaim, StorageClass } from '../model/kinds.js';
import { isBound, SELECTED_NODE_ANNOTATION } from '../scheduler/volumes.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';
import { allowedZones, claimOf, EBS_DRIVER, isUsed, placementOf, provisionedVolume, PROVISIONED_BY_ANNOTATION, PROVISIONER_FINALIZER, STORAGE_PROVISIONER_ANNOTATION } from './volume-plan.js';

const NAME = `${EBS_DRIVER}_ebs-csi-controller`;

/** What CreateVolume takes until the volume is available. */
const PROVISIONING_TIME = { least: 1_500, spread: 1_500 };
const NO_NODE_YET = 10_000;

/** The EBS driver's external-provisioner: makes the volumes that claims are told to wait for, and deletes those that are released. */
export class EbsProvisioner implements Component {
  readonly #claims: KeyedWorker;
  readonly #volumes: KeyedWorker;
  /** When the volume that is being made for a claim will be there, by `namespace/name` of the claim. */
  readonly #underWay = new Map<string, { uid: string; due: number }>();

  constructor(private readonly ctx: ComponentContext) {
    this.#claims = workerOf(ctx, NAME, (key) => this.#syncClaim(key));
    this.#volumes = workerOf(ctx, NAME, (name) => this.#syncVolume(name));
  }

  start(): void {
    const { claims, volumes, attachments } = this.ctx.informers;
    claims.on(({ object }) => this.#claims.enqueue(keyOfObject(object)));
    for (const claim of claims.list()) this.#claims.enqueue(keyOfObject(claim));
    volumes.on(({ object }) => this.#volumes.enqueue(object.metadata.name));
    for (const volume of volumes.list()) this.#volumes.enqueue(volume.metadata.name);
    attachments.on(({ type, object }) => {
      if (type === 'deleted' && object.spec.source.persistentVolumeName) this.#volumes.enqueue(object.spec.source.persistentVolumeName);
    });
  }

  stop(): void {
    this.#claims.stop();
    this.#volumes.stop();
  }

  async #syncClaim(key: string): Promise<number | undefined> {
    const { claims, storageClasses } = this.ctx.informers;
    const claim = claims.get(key);
    const storageClass = storageClasses.get(claim?.spec.storageClassName ?? '');
    if (!claim || claim.metadata.deletionTimestamp || isBound(claim) || !storageClass || claim.metadata.annotations[STORAGE_PROVISIONER_ANNOTATION] !== EBS_DRIVER) {
      this.#underWay.delete(key);
      return undefined;
    }
    const selected = claim.metadata.annotations[SELECTED_NODE_ANNOTATION];
    return storageClass.volumeBindingMode === 'WaitForFirstConsumer' && selected === undefined ? undefined : this.#provision(claim, storageClass, selected);
  }

  /** Makes the volume of a claim: it takes a while, as in the cloud. */
  async #provision(claim: PersistentVolumeClaim, storageClass: StorageClass, selected: string | undefined): Promise<number | undefined> {
    const { informers, writer, events, clock, random } = this.ctx;
    const node = selected === undefined ? informers.nodes.list().find((candidate) => placementOf(candidate)) : informers.nodes.get(selected);
    const zones = allowedZones(storageClass);
    const placement = (node && placementOf(node)) ?? (zones?.[0] === undefined ? undefined : { zone: zones[0], region: zones[0].slice(0, -1) });
    if (!placement) {
      // As the real provisioner does: the scheduler is to choose again.
      events.record(NAME, claim, 'Warning', 'ProvisioningFailed', selected === undefined
        ? 'failed to provision volume: no node tells which zones there are' : `failed to get target node: node "${selected}" not found`);
      if (selected !== undefined) await writer.patch(informers.claims, claim, { metadata: { annotations: { [SELECTED_NODE_ANNOTATION]: null } } });
      return selected === undefined ? NO_NODE_YET : undefined;
    }
    const key = keyOfObject(claim);
    const { uid } = claim.metadata;
    const begun = this.#underWay.get(key);
    if (begun?.uid !== uid) {
      const time = PROVISIONING_TIME.least + random.next() * PROVISIONING_TIME.spread;
      this.#underWay.set(key, { uid, due: clock.now() + time });
      events.record(NAME, claim, 'Normal', 'Provisioning', `External provisioner is provisioning volume for claim "${key}"`);
      return time;
    }
    if (begun.due > clock.now()) return begun.due - clock.now();
    try {
      const volume = await writer.create(informers.volumes, provisionedVolume(claim, storageClass, placement, `vol-0${random.uuid().replaceAll('-', '').slice(0, 16)}`));
      events.record(NAME, claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${volume.metadata.name}`);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    return undefined;
  }

  async #syncVolume(name: string): Promise<undefined> {
    const { informers, writer } = this.ctx;
    const volume = informers.volumes.get(name);
    if (volume?.metadata.annotations[PROVISIONED_BY_ANNOTATION] !== EBS_DRIVER || isUsed(volume, informers)) return undefined;
    const { uid, deletionTimestamp, finalizers = [] } = volume.metadata;
    if (deletionTimestamp) {
      if (finalizers.includes(PROVISIONER_FINALIZER)) await writer.patch(informers.volumes, volume, { metadata: { uid, finalizers: finalizers.filter((finalizer) => finalizer !== PROVISIONER_FINALIZER) } });
    } else if (volume.spec.persistentVolumeReclaimPolicy === 'Delete' && volume.status.phase === 'Released' && !claimOf(volume, informers)) await writer.delete(informers.volumes, volume);
    return undefined;
  }
}
