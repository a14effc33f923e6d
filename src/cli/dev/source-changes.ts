import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { rejectOnAbort, systemClock } from '../../operator/index.js';
import type { Timer } from '../../operator/index.js';
import { CliError } from '../cli-error.js';

/** Editors write a file in several steps, and tools write several files: what comes within this of each other, in milliseconds, is one change. */
const QUIET = 100;

/** Whether something under some folders was saved since somebody last asked. */
export class SourceChanges {
  readonly #watchers: FSWatcher[] = [];
  readonly #clock = systemClock({ background: true });
  #changed = false;
  #timer: Timer | undefined;
  #wake: () => void = () => undefined;

  constructor(folders: readonly string[]) {
    for (const folder of folders) {
      try {
        this.#watchers.push(watch(folder, { recursive: true }, () => this.#onChange()));
      } catch (error) {
        this.close();
        throw new CliError(`${folder} cannot be watched: ${(error as Error).message}`);
      }
    }
  }

  #onChange(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.schedule(QUIET, () => {
      this.#changed = true;
      this.#wake();
    });
  }

  /** Resolves when there is a change; rejects when the signal aborts. */
  async next(signal: AbortSignal): Promise<void> {
    if (!this.#changed) await rejectOnAbort(new Promise<void>((resolve) => { this.#wake = resolve; }), signal);
    this.#changed = false;
  }

  close(): void {
    this.#timer?.cancel();
    for (const watcher of this.#watchers) watcher.close();
  }
}
