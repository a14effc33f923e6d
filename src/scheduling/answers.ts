import { emptyBits, hasBit, setBit } from './bits.js';
import type { Bits } from './bits.js';

/** What nodes answered to a class of pods, by the node's number, so that none is asked the same twice. */
export class Answers {
  private final: Bits = emptyBits(0);
  private readonly refusals = new Map<number, number>();

  /** Whether the node said no for good, or while the topology version was what it still is. */
  isNo(node: number, version: number): boolean {
    return this.isNever(node) || this.refusals.get(node) === version;
  }

  isNever(node: number): boolean {
    return hasBit(this.final, node);
  }

  never(node: number): void {
    if (node >= this.final.length * 32) {
      const larger = emptyBits(Math.max(node + 1, this.final.length * 64));
      larger.set(this.final);
      this.final = larger;
    }
    setBit(this.final, node);
  }

  notNow(node: number, version: number): void {
    this.refusals.set(node, version);
  }
}
