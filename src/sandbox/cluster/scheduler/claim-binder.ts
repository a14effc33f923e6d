import type { Clock, Timer } from '../../../operator/clock.js';
import { keyOfObject } from '../../../operator/kube/object.js';
import type { PersistentVolumeClaim, Pod } from '../model/kinds.js';
import { claimNames } from '../model/pods.js';
import type { ComponentContext } from '../shell/component.js';
import { isBound, SELECTED_NODE_ANNOTATION, waitingClaims } from './volumes.js';
import type { VolumeView } from './volumes.js';

/** `bindTimeoutSeconds`: how long the scheduler waits for a pod's claims. */
const BIND_TIMEOUT = 600_000;

/** A claim could not be bound for the node that was selected. */
export class ClaimNotBound extends Error {
  readonly reason = 'ClaimNotBound';
}

interface Waiting {
  claims: string[];
  node: string;
  resolve: () => void;
  reject: (error: Error) => void;
  timer: Timer;
}

/** Tells the provisioner which node a pod's claims are for, and waits until they are bound. */
export class ClaimBinder {
  readonly #waiting = new Map<string, Waiting>();

  constructor(
    private readonly ctx: Pick<ComponentContext, 'informers' | 'writer'> & { clock: Clock },
    private readonly volumes: VolumeView,
  ) {
    ctx.informers.claims.on(({ type, object }) => this.#changed(object, type === 'deleted'));
  }

  /** Resolves when every claim of the pod is bound. Rejects with {@link ClaimNotBound}. */
  async bind(pod: Pod, node: string): Promise<void> {
    const { informers, writer, clock } = this.ctx;
    for (const claim of waitingClaims(pod, this.volumes)) {
      await writer.patch(informers.claims, claim, { metadata: { uid: claim.metadata.uid, annotations: { [SELECTED_NODE_ANNOTATION]: node } } });
    }
    const claims = claimNames(pod).map((name) => `${pod.metadata.namespace}/${name}`);
    if (this.#allBound(claims)) return;
    const { uid } = pod.metadata;
    await new Promise<void>((resolve, reject) => {
      const timer = clock.schedule(BIND_TIMEOUT, () => this.#settle(uid, (waiting) => waiting.reject(new ClaimNotBound('timed out waiting for the condition'))));
      this.#waiting.set(uid, { claims, node, resolve, reject, timer });
    });
  }

  /** Gives up on a pod that is gone. */
  cancel(uid: string): void {
    this.#settle(uid, ({ reject }) => reject(new ClaimNotBound('the pod is gone')));
  }

  stop(): void {
    for (const uid of this.#waiting.keys()) this.#settle(uid, ({ reject }) => reject(new ClaimNotBound('the scheduler stops')));
  }

  #allBound(claims: readonly string[]): boolean {
    return claims.every((key) => {
      const claim = this.ctx.informers.claims.get(key);
      return claim && isBound(claim);
    });
  }

  #changed(claim: PersistentVolumeClaim, deleted: boolean): void {
    const key = keyOfObject(claim);
    for (const [uid, { claims, node }] of this.#waiting) {
      if (!claims.includes(key)) continue;
      if (deleted) this.#settle(uid, ({ reject }) => reject(new ClaimNotBound(`persistentvolumeclaim "${claim.metadata.name}" not found`)));
      else if (this.#allBound(claims)) this.#settle(uid, ({ resolve }) => resolve());
      else if (!isBound(claim) && claim.metadata.annotations[SELECTED_NODE_ANNOTATION] !== node) {
        this.#settle(uid, ({ reject }) => reject(new ClaimNotBound(`provisioning failed for PVC "${claim.metadata.name}"`)));
      }
    }
  }

  #settle(uid: string, how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(uid);
    if (!waiting) return;
    this.#waiting.delete(uid);
    waiting.timer.cancel();
    how(waiting);
  }
}
