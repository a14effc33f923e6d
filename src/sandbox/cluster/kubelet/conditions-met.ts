/** Something that is waited for. */
interface Wait {
  met: () => boolean;
  resolve: () => void;
}

/** Waits for things of the cluster to become true; looks again only when told that something changed. */
export class ConditionsMet {
  readonly #waits = new Set<Wait>();

  /** Resolves when `met` is true: now, or after a change. Rejects with the signal's reason when it aborts first. */
  until(met: () => boolean, signal: AbortSignal): Promise<void> {
    if (met()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waits.delete(wait);
        reject(signal.reason as Error);
      };
      const wait: Wait = {
        met,
        resolve: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      this.#waits.add(wait);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Looks at everything that is waited for. */
  changed(): void {
    for (const wait of this.#waits) {
      if (!wait.met()) continue;
      this.#waits.delete(wait);
      wait.resolve();
    }
  }
}
