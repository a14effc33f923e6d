import type { ApiObject } from '../contracts.js';
import type { RestContext } from '../rest/context.js';

const EVENTS = 'events';
/** Events live this long after their last write (ms); kube-apiserver's `--event-ttl`. */
const EVENT_TTL = 60 * 60 * 1000;

/** Removes events an hour after they were last written. */
export function startEventExpiry({ storage, clock }: RestContext): { close(): void } {
  /** When each expires; the earliest first, because every write moves its event to the end. */
  const deadlines = new Map<string, { namespace: string; name: string; at: number }>();
  let timer: { cancel(): void } | undefined;

  const keyOf = ({ metadata }: ApiObject): string => `${metadata.namespace}/${metadata.name}`;

  function touch(event: ApiObject): void {
    const key = keyOf(event);
    deadlines.delete(key);
    deadlines.set(key, { namespace: event.metadata.namespace ?? '', name: event.metadata.name!, at: clock.now() + EVENT_TTL });
    arm();
  }

  function arm(): void {
    if (timer) return;
    const [next] = deadlines.values();
    if (next) timer = clock.schedule(next.at - clock.now(), expire);
  }

  function expire(): void {
    timer = undefined;
    const now = clock.now();
    for (const { namespace, name, at } of deadlines.values()) {
      if (at > now) break;
      storage.delete(EVENTS, namespace, name);
    }
    arm();
  }

  storage.list(EVENTS).forEach(touch);
  const unsubscribe = storage.subscribe(({ type, resource, object }) => {
    if (resource !== EVENTS) return;
    if (type === 'DELETED') deadlines.delete(keyOf(object));
    else touch(object);
  });
  return {
    close() {
      unsubscribe();
      timer?.cancel();
    },
  };
}
