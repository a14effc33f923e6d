import { token } from 'karpenter-ts/operator';

/** Where names are published: a DNS provider, a load balancer, a service mesh. Both calls may be repeated. */
export interface Names {
  /** Points a host at a target, wherever it pointed before. */
  publish(host: string, target: string, signal: AbortSignal): Promise<void>;
  /** Forgets a host; one that is not published is fine. */
  withdraw(host: string, signal: AbortSignal): Promise<void>;
}

/** Under this token the container has it: tests bind another one. */
export const Names = token<Names>('web-app.Names');

/** Names in memory, for a first look. The example dns-record has one that speaks HTTP. */
export class MemoryNames implements Names {
  readonly published = new Map<string, string>();

  publish(host: string, target: string): Promise<void> {
    this.published.set(host, target);
    return Promise.resolve();
  }

  withdraw(host: string): Promise<void> {
    this.published.delete(host);
    return Promise.resolve();
  }
}
