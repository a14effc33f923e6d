import { keyOfObject } from '../../../operator/kube/object.js';
import type { Pod } from '../model/kinds.js';
import { isReady } from '../model/pods.js';
import type { ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import { BY_NAMESPACE } from '../shell/informers.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';
import { isBehind } from './endpoints-plan.js';

/** Changes of many pods at once are looked at once (ms). */
const BATCH_PERIOD = 100;

/** What of a pod others reach, or see who reach it. */
const reachable = ({ metadata, spec, status }: Pod, ready: boolean): string => JSON.stringify([metadata.labels, metadata.deletionTimestamp, spec.nodeName, status.podIP, status.phase, ready]);

/** A worker with the keys of services: of those that change, and of those that pods are behind which come, go or become ready. */
export function serviceWorker(ctx: ComponentContext, name: string, sync: (key: string) => Promise<undefined>): { start(): void; stop(): void; readonly worker: KeyedWorker } {
  const worker = workerOf(ctx, name, sync);
  const { services, pods } = ctx.informers;
  return {
    worker,
    start() {
      services.on(({ object }) => worker.enqueue(keyOfObject(object)));
      for (const service of services.list()) worker.enqueue(keyOfObject(service));
      pods.on(({ type, object, old }) => {
        if (type === 'updated' && reachable(object, isReady(object)) === reachable(old, isReady(old))) return;
        for (const service of services.find(BY_NAMESPACE, object.metadata.namespace)) {
          if (isBehind(service, object) || (old && isBehind(service, old))) worker.enqueueAfter(keyOfObject(service), BATCH_PERIOD);
        }
      });
    },
    stop: () => worker.stop(),
  };
}
