import type { Clock } from '../../../operator/clock.js';
import type { KubeClient } from '../../../operator/kube/client.js';
import { EventRecorder } from '../../../operator/kube/event-recorder.js';
import type { KubeObject } from '../../../operator/kube/object.js';

/** Records Events in the name of each of a cluster's own components. */
export class ComponentEvents {
  readonly #recorders = new Map<string, EventRecorder>();

  constructor(
    private readonly client: KubeClient,
    private readonly clock: Clock,
    private readonly report: (message: string) => void,
  ) {}

  /** Fire and forget: an event that cannot be written holds nobody up. A repeated one raises the count of the first. */
  record(component: string, about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    let recorder = this.#recorders.get(component);
    if (!recorder) {
      const { client, clock } = this;
      recorder = new EventRecorder({
        client, clock, component,
        // What the spam filter drops is dropped on purpose.
        onDropped: (why, error) => {
          if (error !== undefined) this.report(`event of ${component}: ${why}`);
        },
      });
      this.#recorders.set(component, recorder);
    }
    recorder.record(about, type, reason, message, { dedupeFor: 0 });
  }
}
