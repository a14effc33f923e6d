import { expect } from 'chai';
import type { DraftNode } from './draft-node.js';
import { OpenDrafts } from './open-drafts.js';

interface Draft { readonly index: number; readonly pods: number[]; readonly room: number; isFull(): boolean }

const draft = (index: number, room: number): Draft => ({ index, pods: [index], room, isFull() { return this.pods.length >= this.room; } });

describe('open drafts', () => {
  it('are offered by pods and age, full ones and those with crowded hosts left out, however many there are', () => {
    let state = 3;
    const upTo = (most: number): number => {
      state = (state * 48_271) % 0x7fffffff;
      return Math.floor((state / 0x7fffffff) * most);
    };
    const drafts: Draft[] = [];
    const open = new OpenDrafts(drafts as unknown as DraftNode[], new Float64Array(0));
    const crowded = new Map<string, Set<number>>([['a', new Set()], ['b', new Set()]]);
    let longest = 0;
    for (let turn = 0; turn < 4_000; turn += 1) {
      if (drafts.length < 600 && (drafts.length === 0 || turn % 3 === 0)) {
        const fresh = draft(drafts.length, 1 + upTo(30));
        drafts.push(fresh);
        open.add(fresh as unknown as DraftNode);
      }
      const hosts = [undefined, 'a', 'b'][upTo(3)];
      const out = crowded.get(hosts ?? '') ?? new Set<number>();
      const refuses = turn % 7;
      const expected = drafts.filter((each) => !each.isFull() && !out.has(each.index)).sort((a, b) => a.pods.length - b.pods.length || a.index - b.index);
      const offered: number[] = [];
      const taken = open.offer(hosts, ({ index }) => out.has(index), (each) => {
        offered.push(each.index);
        if (each.index % 7 === refuses) return false;
        (each.pods as unknown as number[]).push(turn);
        return true;
      });
      const end = expected.findIndex(({ index }) => index % 7 !== refuses);
      expect(offered).to.deep.equal(expected.slice(0, end < 0 ? undefined : end + 1).map(({ index }) => index));
      expect(taken).to.equal(end >= 0);
      longest = Math.max(longest, out.size);
      if (taken && hosts !== undefined) out.add(offered.at(-1) as number);
    }
    expect(longest).to.be.greaterThan(400);
  });
});
