import { createHash } from 'node:crypto';
import { isAlreadyExists } from '../../../operator/kube/errors.js';
import type { PersistentVolume, Pod, VolumeAttachment } from '../model/kinds.js';
import { claimNames, isTerminal } from '../model/pods.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import { BY_CLAIM, BY_VOLUME } from '../shell/informers.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';

const NAME = 'attachdetach-controller';

/** Names of the attachments that this controller makes; those of others are left to them. */
const OWN = /^csi-[0-9a-f]{64}$/;

/** How long a volume of a node that is gone for good is waited for. */
const NODE_GONE_TIME = 6_000;

/** Asks for volumes to be attached to the nodes whose pods need them, and to be detached when the last of those pods is gone. */
export class AttachDetachController implements Component {
  /** Keyed by volume. */
  readonly #worker: KeyedWorker;
  /** When the volumes of nodes that are gone are given up, by attachment. */
  readonly #givenUp = new Map<string, number>();

  constructor(private readonly ctx: ComponentContext) {
    this.#worker = workerOf(ctx, NAME, (volume) => this.#sync(volume));
  }

  start(): void {
    const { pods, claims, attachments, volumes } = this.ctx.informers;
    const ofPod = (pod: Pod): void => {
      for (const name of claimNames(pod)) {
        const volume = claims.get(`${pod.metadata.namespace}/${name}`)?.spec.volumeName;
        if (volume) this.#worker.enqueue(volume);
      }
    };
    pods.on(({ type, object, old }) => {
      if (type !== 'updated' || object.spec.nodeName !== old.spec.nodeName || object.status.phase !== old.status.phase) ofPod(object);
    });
    claims.on(({ object }) => {
      if (object.spec.volumeName) this.#worker.enqueue(object.spec.volumeName);
    });
    attachments.on(({ type, object, old }) => {
      this.#worker.enqueue(object.spec.source.persistentVolumeName ?? '');
      if (type === 'updated' && object.status.attached && !old.status.attached) this.#attached(object);
    });
    for (const volume of volumes.list()) this.#worker.enqueue(volume.metadata.name);
  }

  stop(): void {
    this.#worker.stop();
  }

  async #sync(name: string): Promise<number | undefined> {
    const { informers, writer, events } = this.ctx;
    const volume = informers.volumes.get(name);
    const users = volume?.spec.csi ? this.#usersOf(volume) : [];
    const wanted = new Set(users.map(({ spec }) => spec.nodeName as string).filter((node) => informers.nodes.get(node)));
    const attachments = informers.attachments.find(BY_VOLUME, name).filter(({ metadata }) => OWN.test(metadata.name));
    const delays: number[] = [];
    for (const attachment of attachments) {
      const delay = wanted.has(attachment.spec.nodeName) ? undefined : await this.#detach(attachment);
      if (delay !== undefined) delays.push(delay);
    }
    for (const node of wanted) {
      if (attachments.some(({ spec }) => spec.nodeName === node)) continue;
      const exclusive = !volume?.spec.accessModes?.some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany');
      if (exclusive && attachments.length > 0) {
        for (const pod of users.filter(({ spec }) => spec.nodeName === node)) {
          events.record(NAME, pod, 'Warning', 'FailedAttachVolume', `Multi-Attach error for volume "${name}" Volume is already exclusively attached to one node and can't be attached to another`);
        }
        continue;
      }
      const csi = volume?.spec.csi;
      const id = createHash('sha256').update(`${csi?.volumeHandle}${csi?.driver}${node}`).digest('hex');
      try {
        await writer.create(informers.attachments, {
          metadata: { name: `csi-${id}`, annotations: { 'csi.alpha.kubernetes.io/node-id': node } },
          spec: { attacher: csi?.driver, nodeName: node, source: { persistentVolumeName: name } },
        });
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
      if (exclusive) break;
    }
    return delays.length > 0 ? Math.min(...delays) : undefined;
  }

  /** The pods that hold a volume on their nodes. */
  #usersOf({ spec: { claimRef } }: PersistentVolume): Pod[] {
    return this.ctx.informers.pods.find(BY_CLAIM, `${claimRef?.namespace}/${claimRef?.name}`).filter((pod) => pod.spec.nodeName && !isTerminal(pod));
  }

  #attached({ spec: { nodeName, source } }: VolumeAttachment): void {
    const { informers, events } = this.ctx;
    const volume = informers.volumes.get(source.persistentVolumeName ?? '');
    for (const pod of volume ? this.#usersOf(volume) : []) {
      if (pod.spec.nodeName === nodeName) events.record(NAME, pod, 'Normal', 'SuccessfulAttachVolume', `AttachVolume.Attach succeeded for volume "${source.persistentVolumeName}"`);
    }
  }

  /** A node that still runs unmounts first; of one that is gone nothing can be heard. */
  async #detach(attachment: VolumeAttachment): Promise<number | undefined> {
    const { informers, writer, clock } = this.ctx;
    const { name, deletionTimestamp } = attachment.metadata;
    if (deletionTimestamp) return undefined;
    if (!informers.nodes.get(attachment.spec.nodeName)) {
      const due = this.#givenUp.get(name) ?? clock.now() + NODE_GONE_TIME;
      this.#givenUp.set(name, due);
      if (due > clock.now()) return due - clock.now();
    }
    this.#givenUp.delete(name);
    await writer.delete(informers.attachments, attachment);
    return undefined;
  }
}
