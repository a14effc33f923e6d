import type { Pod } from 'kubernetes-types/core/v1.js';

/** Moments in milliseconds since the epoch; a moment is missing until it has come. */
export interface PodTime {
  /** When the provisioner first heard that the pod waits. */
  readonly acknowledged?: number | undefined;
  /** When a simulation first had an answer for it. */
  readonly decided?: number | undefined;
  /** When a simulation first had room for it; gone again once one has none. */
  readonly schedulable?: number | undefined;
}

const uidOf = ({ metadata }: Pod): string => metadata?.uid ?? '';

/** How far the provisioner has come with each pod that waits, for what is measured of it (karpenter-core §5.10). */
export class PodTimes {
  private readonly times = new Map<string, PodTime>();

  /** Counts once. */
  acknowledge(pod: Pod, now: number): void {
    this.change(pod, { acknowledged: now, ...this.of(pod) });
  }

  /**
   * Notes a simulation's answer. Returns how many milliseconds after its acknowledgement the pod got its first one; undefined for later
   * ones. Bound pods, which are only planned for because their node goes, do not count.
   */
  decide(pod: Pod, hasRoom: boolean, now: number): number | undefined {
    if (hasRoom && pod.spec?.nodeName) return undefined;
    const { acknowledged, decided, schedulable } = this.of(pod);
    this.change(pod, { acknowledged, decided: decided ?? now, schedulable: hasRoom ? schedulable ?? now : undefined });
    return decided === undefined && acknowledged !== undefined ? now - acknowledged : undefined;
  }

  of(pod: Pod): PodTime {
    return this.times.get(uidOf(pod)) ?? {};
  }

  /** For pods that run, ended, or are gone. */
  forget(pod: Pod): void {
    this.times.delete(uidOf(pod));
  }

  private change(pod: Pod, time: PodTime): void {
    this.times.set(uidOf(pod), time);
  }
}
