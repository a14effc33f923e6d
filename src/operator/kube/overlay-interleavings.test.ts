// Answers to our writes and what the watch brings come in any order: neither waits for the other.
import { expect } from 'chai';
import fc from 'fast-check';
import { VirtualClock } from '../testing/virtual-clock.js';
import type { KubeObject } from './object.js';
import { Overlay } from './overlay.js';
import { Store } from './store.js';

const object = (version: number, uid: string): KubeObject => ({
  apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a', uid, resourceVersion: String(version), creationTimestamp: '2024-01-01T00:00:00Z', labels: {}, annotations: {} },
});

/** A reader, a watch and the answers to our writes, of one key. */
class Bench {
  readonly store = new Store<KubeObject>();
  readonly overlay = new Overlay(this.store, new VirtualClock());
  readonly reads: string[] = [];

  constructor(private readonly uid = 'u1') {}

  read(): this {
    const shown = this.store.get('a')?.metadata;
    this.reads.push(shown ? `${shown.uid}@${shown.resourceVersion}` : 'none');
    return this;
  }

  /** The watch shows a state. */
  shows(version: number, uid = this.uid): this {
    this.overlay.set(object(version, uid));
    this.overlay.reached(String(version));
    return this.read();
  }

  /** The watch shows the end of the object. */
  ends(version: number, uid = this.uid): this {
    this.overlay.delete('a', object(version, uid));
    this.overlay.reached(String(version));
    return this.read();
  }

  /** A write of ours is answered. */
  answered(version: number, uid = this.uid): this {
    this.overlay.wrote(object(version, uid));
    return this.read();
  }

  /** A deletion of ours, which took effect at once, is answered. */
  removed(uid = this.uid): this {
    this.overlay.removed('a', uid);
    return this.read();
  }
}

describe('answers to writes, and what watches show, in any order', () => {
  const cases: [what: string, story: (bench: Bench) => Bench, reads: string[]][] = [
    ['an answer before its echo', (bench) => bench.shows(1).answered(2).shows(2), ['u1@1', 'u1@2', 'u1@2']],
    ['an answer after its echo', (bench) => bench.shows(1).shows(2).answered(2), ['u1@1', 'u1@2', 'u1@2']],
    ['an answer after its echo and somebody else\'s write', (bench) => bench.shows(1).shows(2).shows(3).answered(2), ['u1@1', 'u1@2', 'u1@3', 'u1@3']],
    ['an answer after its echo and the end of the object', (bench) => bench.shows(1).shows(2).ends(3).answered(2), ['u1@1', 'u1@2', 'none', 'none']],
    ['a creation that is answered after the object came and went', (bench) => bench.shows(1, 'u0').ends(2, 'u0').shows(3).ends(4).answered(3), ['u0@1', 'none', 'u1@3', 'none', 'none']],
    ['two answers in the wrong order', (bench) => bench.shows(1).answered(3).answered(2).shows(2).shows(3), ['u1@1', 'u1@3', 'u1@3', 'u1@3', 'u1@3']],
    ['somebody else\'s write between ours and its answer', (bench) => bench.shows(1).answered(3).shows(2).shows(3), ['u1@1', 'u1@3', 'u1@3', 'u1@3']],
    ['an echo of the first of two writes after the second was answered', (bench) => bench.shows(1).answered(2).answered(3).shows(2).shows(3), ['u1@1', 'u1@2', 'u1@3', 'u1@3', 'u1@3']],
    ['a write that is answered after our deletion of the object', (bench) => bench.shows(1).removed().answered(2).ends(3), ['u1@1', 'none', 'none', 'none']],
    ['a write that is answered after our deletion, and the end that the watch showed', (bench) => bench.shows(1).removed().ends(3).answered(2), ['u1@1', 'none', 'none', 'none']],
    ['a deletion that is answered after somebody made the object anew', (bench) => bench.shows(1).ends(2).shows(3, 'u2').removed(), ['u1@1', 'none', 'u2@3', 'u2@3']],
    ['an object made anew before the end of the old one is shown', (bench) => bench.shows(1).removed().answered(3, 'u2').ends(2).shows(3, 'u2'), ['u1@1', 'none', 'u2@3', 'u2@3', 'u2@3']],
  ];
  for (const [what, story, reads] of cases) {
    it(`show ${what}`, () => {
      const bench = story(new Bench());
      expect(bench.reads).to.deep.equal(reads);
      expect(bench.overlay.size, 'held').to.equal(0);
    });
  }

  it('never let a reader go back, nor see again what it saw go, and end where the server ends', () => {
    const operation = fc.record({ ours: fc.boolean(), deletes: fc.boolean() });
    fc.assert(fc.property(fc.array(operation, { minLength: 1, maxLength: 10 }), fc.array(fc.nat(5), { maxLength: 60 }), (operations, schedule) => {
      const bench = new Bench();
      const events: (() => void)[] = [];
      const answers: (() => void)[] = [];
      let [version, uids, alive] = [0, 0, false];
      const execute = ({ ours, deletes }: { ours: boolean; deletes: boolean }): void => {
        if (deletes && !alive) return;
        version += 1;
        if (!alive) uids += 1;
        const [at, uid] = [version, `u${uids}`];
        alive = !deletes;
        events.push(() => (deletes ? bench.ends(at, uid) : bench.shows(at, uid)));
        if (ours) answers.push(() => (deletes ? bench.removed(uid) : bench.answered(at, uid)));
      };
      const rest = [...operations];
      for (const choice of schedule) {
        if (choice === 0 && rest.length > 0) execute(rest.shift() as (typeof rest)[0]);
        else if (choice <= 2) events.shift()?.();
        else answers.splice(choice % 3 % Math.max(1, answers.length), 1)[0]?.();
      }
      rest.forEach(execute);
      for (const pending of [...answers, ...events]) pending();
      expect(bench.store.get('a')?.metadata.resourceVersion).to.equal(alive ? String(version) : undefined);
      expect(bench.overlay.size, 'held').to.equal(0);
      const gone = new Set<string>();
      let [last, newest] = ['none', 0];
      for (const read of bench.reads) {
        const [uid = '', seen] = read.split('@');
        if (last !== 'none' && uid !== last) gone.add(last);
        if (read !== 'none') {
          expect(gone.has(uid), `${uid} is back: ${bench.reads.join(' ')}`).to.equal(false);
          expect(Number(seen), bench.reads.join(' ')).to.be.at.least(newest);
          newest = Number(seen);
        }
        last = uid;
      }
    }), { numRuns: 2_000, seed: 7 });
  });

  it('take memory for a thousand writes of a key at most, of 100,000 that no watch shows, and none in the end', () => {
    const { overlay } = new Bench();
    for (let version = 1; version <= 100_000; version += 1) overlay.wrote(object(version, 'u1'));
    expect(overlay.size).to.equal(1);
    const known = [99_000, 99_001, 100_000].map((version) => overlay.set(object(version, 'u1')));
    expect(known).to.deep.equal([false, true, true]);
    expect(overlay.size).to.equal(0);
  });
});
