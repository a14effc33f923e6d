import { token } from 'karpenter-ts/operator';
import type { EventSource } from 'karpenter-ts/operator';
import { Subject } from 'rxjs';

/** Uids of buffers of which it has just been found out what they consist of. */
export class CapacityBufferSignals implements EventSource<string> {
  readonly events = new Subject<string>();
}

/** What wakes the provisioner for buffers. */
export const CapacityBufferEvents = token<EventSource<string>>('karpenter.CapacityBufferEvents');
