import type { Pod } from 'kubernetes-types/core/v1.js';

/** Moments in milliseconds since the epoch; a moment is missing until it has come. */
export interface PodTime {
  /** When the provisioner first heard that the pod waits. */
  readonly acknowledged?: number | undefined;
  /** When a simulation first had an answer for it. */
  readonly decided?: number | undefined;
  /** When a simulation first had room for it; gone again once one has none. */
  readonly schedulable?: number | undefined;
  /** Whether this process saw it pending: only of such pods is it known how long they took. */
  readonly starting?: boolean;
  /** Whether this process saw that it got a node. */
  readonly bound?: boolean;
}

/** How far each pod that waits or starts has come, for what is measured of it (karpenter-core §5.10). */
export class PodTimes {
  private readonly times = new Map<string, PodTime>();

  /** Counts once. */
  acknowledge(pod: Pod, now: number): void {
    if (this.of(pod).acknowledged === undefined) this.note(pod, { acknowledged: now });
  }

  /**
   * Notes a simulation's answer. Returns how many milliseconds after its acknowledgement the pod got its first one; undefined for later
   * ones. Bound pods, which are only planned for because their node goes, do not count.
   */
  decide(pod: Pod, hasRoom: boolean, now: number): number | undefined {
    if (hasRoom && pod.spec?.nodeName) return undefined;
    const { acknowledged, decided, schedulable } = this.of(pod);
    this.note(pod, { decided: decided ?? now, schedulable: hasRoom ? schedulable ?? now : undefined });
    return decided === undefined && acknowledged !== undefined ? now - acknowledged : undefined;
  }

  /** Says that the pod was seen pending, or that it has a node. */
  note(pod: Pod, news: PodTime): void {
    this.times.set(pod.metadata?.uid ?? '', { ...this.of(pod), ...news });
  }

  of(pod: Pod): PodTime {
    return this.times.get(pod.metadata?.uid ?? '') ?? {};
  }

  /** For pods that run, ended, or are gone. */
  forget(pod: Pod): void {
    this.times.delete(pod.metadata?.uid ?? '');
  }
}
