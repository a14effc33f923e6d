import type { ApiObject, StorageEvent } from '../contracts.js';
import type { RestContext, RestResult, WatchEvent } from '../rest/context.js';
import { checkListOptions, parseCount, parseResourceVersion, selectorOf } from '../rest/list.js';
import { isTrue, type RequestInfo } from '../rest/request-info.js';
import { apiVersionOf } from '../group-version.js';
import { fromStorage } from '../rest/versions.js';
import { asStatusError, badRequest, expired, StatusError } from '../status.js';

/** Time between bookmarks (ms); kube-apiserver's. */
const BOOKMARK_EVERY = 60_000;
/** Watches without `timeoutSeconds` end after this long, and up to as long again (s); kube-apiserver's. */
const SHORTEST_TIMEOUT = 1800;
/** Events converted and encoded at a time. */
const BATCH = 256;

/**
 * A watch: what is there already where the client asks for it, then every change that its selectors let through. It reads the
 * storage's event window at its own pace; when it falls out of the window it ends with a 410, and so does one that began too early.
 */
export function watch(ctx: RestContext, info: RequestInfo, signal: AbortSignal | undefined): RestResult {
  const { definition, query } = info;
  const selects = selectorOf(info);
  const start = startOf(query);
  const seconds = parseCount(query, 'timeoutSeconds') || SHORTEST_TIMEOUT * (1 + ctx.random.next());
  if ((start.revision ?? 0) > ctx.storage.revision && start.initialEvents) throw tooLarge(start.revision!, ctx.storage.revision);
  return { type: 'watch', definition, events: watchEvents(ctx, info, { ...start, selects, seconds, bookmarks: isTrue(query.get('allowWatchBookmarks')), signal }) };
}

interface WatchStart {
  /** Absent: from now. */
  revision: number | undefined;
  /** What exists comes first, as ADDED events. */
  initialEvents: boolean;
  /** A bookmark tells when all of that has been sent. */
  markInitialEnd: boolean;
}

function startOf(query: URLSearchParams): WatchStart {
  checkListOptions(query, true);
  const revision = parseResourceVersion(query.get('resourceVersion'));
  const sendInitialEvents = query.get('sendInitialEvents');
  if (sendInitialEvents === null) {
    const initialEvents = !revision;
    return { revision: initialEvents ? undefined : revision, initialEvents, markInitialEnd: initialEvents };
  }
  const initialEvents = isTrue(sendInitialEvents);
  return { revision, initialEvents, markInitialEnd: initialEvents };
}

interface WatchRun extends WatchStart {
  selects: (object: ApiObject) => boolean;
  seconds: number;
  bookmarks: boolean;
  signal: AbortSignal | undefined;
}

async function* watchEvents(ctx: RestContext, { definition, namespace }: RequestInfo, { revision, initialEvents, markInitialEnd, selects, seconds, bookmarks, signal }: WatchRun): AsyncGenerator<WatchEvent[]> {
  const { storage, clock, closing, registry } = ctx;
  const { storageResource } = definition;
  const alarm = new Alarm();
  const unsubscribe = storage.subscribe((event) => {
    if (event.resource === storageResource) alarm.ring();
  });
  // What is no longer served cannot be watched.
  let gone = false;
  const stopObserving = registry.onChange(() => {
    if (registry.lookup(definition.group, definition.version, definition.plural)) return;
    gone = true;
    alarm.ring();
  });
  let timedOut = false;
  let bookmarkDue = false;
  const timeout = clock.schedule(seconds * 1000, () => {
    timedOut = true;
    alarm.ring();
  });
  let bookmarkTimer = { cancel: (): void => undefined };
  const armBookmark = (): void => {
    bookmarkTimer = clock.schedule(BOOKMARK_EVERY, () => {
      bookmarkDue = true;
      armBookmark();
      alarm.ring();
    });
  };
  if (bookmarks) armBookmark();
  const onAbort = (): void => alarm.ring();
  signal?.addEventListener('abort', onAbort);
  closing.addEventListener('abort', onAbort);
  const inScope = ({ metadata }: ApiObject): boolean => namespace === '' || metadata.namespace === namespace;
  const bookmark = (annotations?: Record<string, string>): WatchEvent => ({
    type: 'BOOKMARK',
    object: { kind: definition.kind, apiVersion: apiVersionOf(definition), metadata: { resourceVersion: String(position), ...(annotations && { annotations }) } },
  });
  let position = revision ?? storage.revision;

  try {
    if (initialEvents) {
      position = storage.revision;
      const stored = storage.list(storageResource, namespace || undefined);
      for (let from = 0; from < stored.length; from += BATCH) {
        const objects = await fromStorage(ctx, definition, stored.slice(from, from + BATCH));
        const events = objects.filter(selects).map((object): WatchEvent => ({ type: 'ADDED', object }));
        if (events.length > 0) yield events;
      }
      if (markInitialEnd && bookmarks) yield [bookmark({ 'k8s.io/initial-events-end': 'true' })];
    }
    const aborted = (): boolean => closing.aborted || (signal?.aborted ?? false);
    while (!aborted()) {
      const window = storage.window(storageResource);
      const batch = window.after(position, BATCH);
      if (!batch) {
        yield [errorEvent(expired(`too old resource version: ${position} (${window.oldestRevision})`))];
        return;
      }
      if (batch.length > 0) {
        const events = await eventsFor(ctx, definition, batch.filter(({ object }) => inScope(object)), selects);
        position = batch.at(-1)!.revision;
        if (events.length > 0) yield events;
        continue;
      }
      // Nothing of this resource is newer, so the whole cluster's revision has been seen.
      position = Math.max(position, storage.revision);
      if (bookmarks && (bookmarkDue || timedOut)) {
        bookmarkDue = false;
        yield [bookmark()];
      }
      if (timedOut || gone) return;
      await alarm.rung();
    }
  } catch (error) {
    // A conversion that fails: the status is out already, so the client is told in the stream.
    yield [errorEvent(asStatusError(error))];
  } finally {
    unsubscribe();
    stopObserving();
    timeout.cancel();
    bookmarkTimer.cancel();
    signal?.removeEventListener('abort', onAbort);
    closing.removeEventListener('abort', onAbort);
  }
}

/** Storage events as the watcher sees them: an object that comes into or goes out of its selection is added or deleted. */
async function eventsFor(ctx: RestContext, definition: RequestInfo['definition'], batch: readonly StorageEvent[], selects: (object: ApiObject) => boolean): Promise<WatchEvent[]> {
  const reading = fromStorage(ctx, definition, batch.map(({ object }) => object));
  const objects = Array.isArray(reading) ? reading : await reading;
  const earlier = fromStorage(ctx, definition, batch.map(({ previous, object }) => previous ?? object));
  const previous = Array.isArray(earlier) ? earlier : await earlier;
  const events: WatchEvent[] = [];
  batch.forEach(({ type }, index) => {
    const object = objects[index]!;
    const was = type !== 'ADDED' && selects(previous[index]!);
    const is = type !== 'DELETED' && selects(object);
    if (is) events.push({ type: was ? 'MODIFIED' : 'ADDED', object });
    else if (was) {
      // The last state that the watcher knows, at the revision that took it away.
      const { resourceVersion } = object.metadata;
      events.push({ type: 'DELETED', object: { ...previous[index]!, metadata: { ...previous[index]!.metadata, resourceVersion: resourceVersion! } } });
    }
  });
  return events;
}

const errorEvent = ({ status }: StatusError): WatchEvent => ({ type: 'ERROR', object: { ...status } });

/** Wakes one waiter; a ring that nobody waits for is kept. */
class Alarm {
  private wake: (() => void) | undefined;
  private ringing = false;

  ring(): void {
    this.ringing = true;
    this.wake?.();
  }

  async rung(): Promise<void> {
    if (!this.ringing) await new Promise<void>((resolve) => (this.wake = resolve));
    this.ringing = false;
    this.wake = undefined;
  }
}

const tooLarge = (requested: number, current: number): StatusError =>
  new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${requested}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });

/** Refuses a `timeout` that is no Go duration, as the router does for every request. */
export function checkTimeout(query: URLSearchParams): void {
  const timeout = query.get('timeout');
  if (timeout && !/^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.test(timeout)) {
    throw badRequest(`invalid timeout specified in the request URL - time: invalid duration ${JSON.stringify(timeout)}`);
  }
}
