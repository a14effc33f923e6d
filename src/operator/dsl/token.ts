declare const valueType: unique symbol;

/** The name of a service in the container, with the service's type. An Inversify service identifier. */
export type Token<T> = symbol & { readonly [valueType]?: T };

/** Under what a service of type `T` is found: its token, or its class. */
export type ServiceToken<T> = Token<T> | (abstract new (...args: never[]) => T);

/** A token that stays the same when several copies of a package are loaded. */
export const token = <T>(name: string): Token<T> => Symbol.for(name) as Token<T>;

/** What can be subscribed to; every RxJS Observable is one. */
export interface Subscribable<T> {
  subscribe(observer: { next(value: T): void; error(error: unknown): void; complete(): void }): { unsubscribe(): void };
}

/**
 * A source of wake-ups outside Kubernetes. A step never receives the event, so the source has to keep what it stands for (an
 * unacknowledged message, for example) until the work is done: wake-ups coalesce, and processes crash.
 */
export interface EventSource<Event> {
  readonly events: Subscribable<Event>;
}
