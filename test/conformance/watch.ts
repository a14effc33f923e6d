import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Body } from './session.js';

interface WatchEvent { type: string; object: Body }

/** An open watch, whose events are taken one by one. */
export class Watch {
  private readonly events: (WatchEvent | 'ended')[] = [];
  private wake = (): void => undefined;

  constructor(private readonly body: Readable, private readonly write: (line: string) => void, private readonly print: (event: WatchEvent) => readonly string[]) {
    // Closing it breaks the stream off.
    body.on('error', () => undefined);
    createInterface({ input: body }).on('line', (line) => this.push(JSON.parse(line) as WatchEvent)).on('close', () => this.push('ended')).on('error', () => undefined);
  }

  /** Writes down the next `count` events; fails when they do not come. */
  async expect(count: number): Promise<WatchEvent[]> {
    const taken: WatchEvent[] = [];
    for (let n = 1; n <= count; n += 1) {
      const event = await this.next(`event ${n} of ${count}`);
      if (event === 'ended') throw new Error(`the watch ended instead of sending event ${n} of ${count}`);
      this.write(`< ${event.type}`);
      for (const line of this.print(event.object)) this.write(`  ${line}`);
      taken.push(event);
    }
    return taken;
  }

  /** Takes events, without writing them down, until one is as wanted. */
  async until(what: string, wanted: (event: WatchEvent) => boolean): Promise<WatchEvent> {
    for (;;) {
      const event = await this.next(what);
      if (event === 'ended') throw new Error(`the watch ended before ${what}`);
      if (wanted(event)) return event;
    }
  }

  /** Writes down that the server ended the watch. */
  async ends(): Promise<void> {
    const event = await this.next('the end');
    this.write(event === 'ended' ? '< ended' : `< ${JSON.stringify(event)} instead of the end`);
  }

  close(): void {
    this.body.destroy();
  }

  private push(event: WatchEvent | 'ended'): void {
    this.events.push(event);
    this.wake();
  }

  private async next(what: string): Promise<WatchEvent | 'ended'> {
    const deadline = performance.now() + 15_000;
    while (this.events.length === 0) {
      if (performance.now() > deadline) throw new Error(`the watch sent nothing while ${what} was waited for`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 15_000);
        this.wake = () => { clearTimeout(timer); resolve(); };
      });
    }
    return this.events.shift() as WatchEvent;
  }
}
