/** Something that can be well or not: resolves when it is, throws what is wrong when it is not. */
export type HealthCheck = () => Promise<void> | void;

/** The verdict over named checks, in the words of Kubernetes' own health endpoints. */
export interface HealthReport {
  healthy: boolean;
  /** `[+]ping ok` and `[-]informers failed: …` lines, and the sum. */
  text: string;
}

/** Named checks behind one endpoint (`healthz`, `readyz`). */
export class Health {
  readonly #checks = new Map<string, HealthCheck>([['ping', () => undefined]]);

  constructor(private readonly endpoint: string) {}

  /** Adds a check; a name that is there is replaced. */
  add(name: string, check: HealthCheck): void {
    this.#checks.set(name, check);
  }

  /** All checks, or one by its name; undefined when there is none of that name. */
  async report(only?: string, exclude: readonly string[] = []): Promise<HealthReport | undefined> {
    if (only !== undefined && !this.#checks.has(only)) return undefined;
    const lines: string[] = [];
    let healthy = true;
    for (const [name, check] of this.#checks) {
      if (only !== undefined && name !== only) continue;
      if (exclude.includes(name)) {
        lines.push(`[+]${name} excluded: ok`);
        continue;
      }
      try {
        await check();
        lines.push(`[+]${name} ok`);
      } catch (error) {
        healthy = false;
        lines.push(`[-]${name} failed: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    lines.push(`${this.endpoint} check ${healthy ? 'passed' : 'failed'}`);
    return { healthy, text: `${lines.join('\n')}\n` };
  }
}
