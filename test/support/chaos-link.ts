import type { Socket } from 'node:net';
import type { Clock } from '../../src/operator/index.js';

/** What a link does with bytes. `drip`: one a second reaches the client. `drop`: those of both sides are taken and never arrive. */
export type LinkState = 'open' | 'drip' | 'drop';

/** One TCP connection through the proxy, between the client's socket and the one to whoever serves. */
export class ChaosLink {
  #state: LinkState = 'open';
  /** What came from the server while only single bytes got through. */
  #backlog: Buffer[] = [];

  constructor(private readonly client: Socket, private readonly server: Socket, private readonly clock: Clock, moved: () => void, ended: () => void) {
    client.on('data', (chunk: Buffer) => {
      moved();
      if (this.#state !== 'drop') server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      moved();
      if (this.#state === 'open') client.write(chunk);
      else if (this.#state === 'drip') this.#backlog.push(chunk);
    });
    for (const socket of [client, server]) socket.on('error', () => undefined);
    client.on('close', () => {
      server.destroy();
      ended();
    });
    // Whose link swallows everything is not told that the server has gone either.
    server.on('close', () => this.#state !== 'drop' && client.destroy());
  }

  set(state: LinkState): void {
    const before = this.#state;
    this.#state = state;
    if (state === 'drip') this.#drip();
    // What was held arrives; what was swallowed tears a hole into the stream, and nothing sensible can follow.
    if (state === 'open' && before === 'drip') for (const chunk of this.#backlog.splice(0)) this.client.write(chunk);
  }

  /** The server's side goes, the client's stays and hears nothing. */
  halfOpen(): void {
    this.set('drop');
    this.server.destroy();
  }

  reset(): void {
    this.client.resetAndDestroy();
  }

  #drip(): void {
    if (this.#state !== 'drip' || this.client.destroyed) return;
    const [first] = this.#backlog;
    if (first) {
      this.client.write(first.subarray(0, 1));
      if (first.length > 1) this.#backlog[0] = first.subarray(1);
      else this.#backlog.shift();
    }
    this.clock.schedule(1_000, () => this.#drip());
  }
}
