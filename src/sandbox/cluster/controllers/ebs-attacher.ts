import type { VolumeAttachment } from '../model/kinds.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';
import { EBS_DRIVER } from './volume-plan.js';

/** Keeps an attachment's object until the volume is detached. */
const FINALIZER = 'external-attacher/ebs-csi-aws-com';

/** What AttachVolume and DetachVolume take. */
const ATTACHING_TIME = { least: 1_000, spread: 1_500 };
const DETACHING_TIME = { least: 1_500, spread: 1_500 };

/** The EBS driver's external-attacher: attaches and detaches the volumes that the attach/detach controller asks it to. */
export class EbsAttacher implements Component {
  /** Keyed by attachment. */
  readonly #worker: KeyedWorker;
  /** When what is under way with an attachment ends. */
  readonly #underWay = new Map<string, { detach: boolean; due: number }>();

  constructor(private readonly ctx: ComponentContext) {
    this.#worker = workerOf(ctx, 'ebs-csi-attacher', (name) => this.#sync(name));
  }

  start(): void {
    const { attachments } = this.ctx.informers;
    attachments.on(({ object }) => this.#worker.enqueue(object.metadata.name));
    for (const attachment of attachments.list()) this.#worker.enqueue(attachment.metadata.name);
  }

  stop(): void {
    this.#worker.stop();
  }

  async #sync(name: string): Promise<number | undefined> {
    const { informers, clock, random } = this.ctx;
    const attachment = informers.attachments.get(name);
    const detach = attachment?.metadata.deletionTimestamp !== undefined;
    if (!attachment || attachment.spec.attacher !== EBS_DRIVER || this.#isDone(attachment, detach)) {
      this.#underWay.delete(name);
      return undefined;
    }
    const begun = this.#underWay.get(name);
    if (begun?.detach !== detach) {
      const { least, spread } = detach ? DETACHING_TIME : ATTACHING_TIME;
      const time = least + random.next() * spread;
      this.#underWay.set(name, { detach, due: clock.now() + time });
      return time;
    }
    if (begun.due > clock.now()) return begun.due - clock.now();
    await (detach ? this.#release(attachment) : this.#attach(attachment));
    return undefined;
  }

  #isDone({ metadata, status }: VolumeAttachment, detach: boolean): boolean {
    return detach ? !metadata.finalizers?.includes(FINALIZER) : status.attached === true;
  }

  async #attach(attachment: VolumeAttachment): Promise<void> {
    const { informers, writer } = this.ctx;
    const { finalizers = [], uid } = attachment.metadata;
    const held = finalizers.includes(FINALIZER) ? attachment : await writer.patch<VolumeAttachment>(informers.attachments, attachment, { metadata: { uid, finalizers: [...finalizers, FINALIZER] } });
    await writer.patchStatus(informers.attachments, held, { attached: true });
  }

  async #release(attachment: VolumeAttachment): Promise<void> {
    const { informers, writer } = this.ctx;
    const { uid, finalizers = [] } = attachment.metadata;
    await writer.patch(informers.attachments, attachment, { metadata: { uid, finalizers: finalizers.filter((finalizer) => finalizer !== FINALIZER) } });
  }
}
