import type { Clock, Timer } from '../../operator/clock.js';

export interface BatcherOptions<Input, Output> {
  /** Label of the batcher's metrics. */
  name: string;
  /** Milliseconds without a further call after which a batch is sent. */
  idle: number;
  /** Milliseconds after its first call at which a batch is sent anyway. */
  max: number;
  /** Calls at which a batch is sent at once. */
  maxItems: number;
  /** Only calls with equal buckets share a batch. */
  bucket: (input: Input) => string;
  /** One result a call, in order: a value, or the error of that call alone. A rejection is every call's error. */
  execute: (inputs: readonly Input[]) => Promise<readonly (Output | Error)[]>;
  observe?: (batcher: string, size: number, windowMilliseconds: number) => void;
}

interface Call<Input, Output> {
  input: Input;
  resolve: (output: Output) => void;
  reject: (error: unknown) => void;
}

interface Window<Input, Output> {
  calls: Call<Input, Output>[];
  openedAt: number;
  deadline: Timer;
  idle: Timer;
}

/**
 * Joins calls that come shortly after one another into one (karpenter-aws §2.3). A window opens at the first call, is
 * prolonged by each further one, and closes at its maximal length or size.
 */
export class Batcher<Input, Output> {
  private readonly windows = new Map<string, Window<Input, Output>>();

  constructor(private readonly clock: Clock, private readonly options: BatcherOptions<Input, Output>) {}

  add(input: Input): Promise<Output> {
    return new Promise((resolve, reject) => {
      const bucket = this.options.bucket(input);
      const close = (): void => this.close(bucket);
      let window = this.windows.get(bucket);
      if (window === undefined) {
        window = { calls: [], openedAt: this.clock.now(), deadline: this.clock.schedule(this.options.max, close), idle: this.clock.schedule(this.options.idle, close) };
        this.windows.set(bucket, window);
      } else {
        window.idle.cancel();
        window.idle = this.clock.schedule(this.options.idle, close);
      }
      window.calls.push({ input, resolve, reject });
      if (window.calls.length >= this.options.maxItems) close();
    });
  }

  private close(bucket: string): void {
    const window = this.windows.get(bucket);
    if (window === undefined) return;
    this.windows.delete(bucket);
    window.deadline.cancel();
    window.idle.cancel();
    this.options.observe?.(this.options.name, window.calls.length, this.clock.now() - window.openedAt);
    void this.run(window.calls);
  }

  private async run(calls: readonly Call<Input, Output>[]): Promise<void> {
    try {
      const results = await this.options.execute(calls.map(({ input }) => input));
      calls.forEach((call, index) => {
        const result = results[index];
        if (result === undefined) call.reject(new Error(`${this.options.name}: error making call`));
        else if (result instanceof Error) call.reject(result);
        else call.resolve(result);
      });
    } catch (error) {
      for (const call of calls) call.reject(error);
    }
  }
}
