/** After so many texts the cache must have been of use, or it is given up. */
const TRIAL = 10_000;

/** One value for all equal texts. Gives up by itself when hardly any text comes twice. */
export class Interned<T> {
  private known: Map<string, T> | undefined = new Map();
  private hits = 0;

  get(text: string, read: () => T): T {
    const value = this.known?.get(text);
    if (value !== undefined) {
      this.hits += 1;
      return value;
    }
    const made = read();
    if (this.known && this.known.size >= TRIAL && this.hits < this.known.size) this.known = undefined;
    this.known?.set(text, made);
    return made;
  }
}
