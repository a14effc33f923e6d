import { createHash } from 'node:crypto';
import { isAlreadyExists } from '../../../operator/kube/errors.js';
import type { PersistentVolume, Pod, VolumeAttachment } from '../model/kinds.js';
import { claimNames, isTerminal } from '../model/pods.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import { BY_CLAIM, BY_VOLUME } from '../shell/informers.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';

const NAME = 'attachdetach-controller';

/** What AttachVolume and DetachVolume take. */
const ATTACHING_TIME = { least: 1_000, spread: 1_500 };
const DETACHING_TIME = { least: 1_500, spread: 1_500 };
/** How long a volume of a node that is gone for good is waited for. */
const NODE_GONE_TIME = 6_000;

/** Attaches volumes to the nodes whose pods need them, and detaches them when the last of those pods is gone. */
export class AttachDetachController implements Component {
  /** Keyed by volume. */
  readonly #worker: KeyedWorker;
  /** When the attaching or detaching that is under way ends, by attachment. */
  readonly #underWay = new Map<string, number>();

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
    attachments.on(({ object }) => this.#worker.enqueue(object.spec.source.persistentVolumeName ?? ''));
    for (const volume of volumes.list()) this.#worker.enqueue(volume.metadata.name);
  }

  stop(): void {
    this.#worker.stop();
  }

  async #sync(name: string): Promise<number | undefined> {
    const { informers, writer, events, random } = this.ctx;
    const volume = informers.volumes.get(name);
    const users = volume ? this.#usersOf(volume) : [];
    const wanted = new Set(users.map(({ spec }) => spec.nodeName as string).filter((node) => informers.nodes.get(node)));
    const attachments = informers.attachments.find(BY_VOLUME, name);
    const delays: number[] = [];
    for (const attachment of attachments) {
      const keep = wanted.has(attachment.spec.nodeName) && !attachment.metadata.deletionTimestamp;
      const delay = keep ? await this.#attach(attachment, users) : await this.#detach(attachment);
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
        const attachment = await writer.create(informers.attachments, {
          metadata: { name: `csi-${id}`, annotations: { 'csi.alpha.kubernetes.io/node-id': node } },
          spec: { attacher: csi?.driver, nodeName: node, source: { persistentVolumeName: name } },
        });
        const time = ATTACHING_TIME.least + random.next() * ATTACHING_TIME.spread;
        this.#underWay.set(attachment.metadata.name, this.ctx.clock.now() + time);
        delays.push(time);
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

  async #attach(attachment: VolumeAttachment, users: readonly Pod[]): Promise<number | undefined> {
    const { informers, writer, events, clock } = this.ctx;
    const { name } = attachment.metadata;
    // Wanted again before it was detached.
    this.#underWay.delete(`detach ${name}`);
    if (attachment.status.attached) return undefined;
    const rest = (this.#underWay.get(name) ?? 0) - clock.now();
    if (rest > 0) return rest;
    this.#underWay.delete(name);
    await writer.patchStatus(informers.attachments, attachment, { attached: true });
    for (const pod of users.filter(({ spec }) => spec.nodeName === attachment.spec.nodeName)) {
      events.record(NAME, pod, 'Normal', 'SuccessfulAttachVolume', `AttachVolume.Attach succeeded for volume "${attachment.spec.source.persistentVolumeName}"`);
    }
    return undefined;
  }

  async #detach(attachment: VolumeAttachment): Promise<number | undefined> {
    const { informers, writer, clock, random } = this.ctx;
    const { name } = attachment.metadata;
    const leaving = `detach ${name}`;
    const due = this.#underWay.get(leaving);
    if (due === undefined) {
      this.#underWay.delete(name);
      // A node that still runs unmounts first; of one that is gone nothing can be heard.
      const time = informers.nodes.get(attachment.spec.nodeName) ? DETACHING_TIME.least + random.next() * DETACHING_TIME.spread : NODE_GONE_TIME;
      this.#underWay.set(leaving, clock.now() + time);
      return time;
    }
    if (due > clock.now()) return due - clock.now();
    this.#underWay.delete(leaving);
    await writer.delete(informers.attachments, attachment);
    return undefined;
  }
}

