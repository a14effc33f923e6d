import type { Clock } from '../../../operator/clock.js';
import type { Random } from '../../../operator/random.js';
import type { ComponentEvents } from './component-events.js';
import type { Informers } from './informers.js';
import { KeyedWorker } from './keyed-worker.js';
import type { Writer } from './writer.js';

/** What every part of the cluster works with. */
export interface ComponentContext {
  clock: Clock;
  random: Random;
  informers: Informers;
  writer: Writer;
  events: ComponentEvents;
  report: (message: string) => void;
}

/** A part of the cluster that runs by itself: a controller, the scheduler, the kubelets. */
export interface Component {
  /** Called once, when the informers are filled. */
  start(): void;
  stop(): void;
}

/** A worker over the context's clock. */
export const workerOf = ({ clock, random, report }: ComponentContext, name: string, process: (key: string) => Promise<number | undefined>): KeyedWorker =>
  new KeyedWorker({ clock, random, report, name, process });
