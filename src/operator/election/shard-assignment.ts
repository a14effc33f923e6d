import { affinity } from './shard.js';

/** A replica that is there, and the shards that it says it holds. */
export interface Member {
  readonly identity: string;
  readonly holds: readonly number[];
}

/**
 * Who is to hold which shard. Every replica computes it from what all have announced, and gets the same. Members get equal numbers of shards (give or take
 * one) and keep what they have as far as that allows. Shard 0 is never taken from a member: singletons run with it. It is a plan only; leases decide.
 */
export function assignShards(shards: number, members: readonly Member[]): string[] {
  const sorted = [...members].sort((left, right) => (left.identity < right.identity ? -1 : 1));
  if (sorted.length === 0) return [];
  const owners = Array.from({ length: shards }, (): string | undefined => undefined);
  for (const { identity, holds } of sorted) for (const shard of holds) if (shard < shards) owners[shard] ??= identity;

  const held = new Map(sorted.map(({ identity }) => [identity, owners.filter((owner) => owner === identity).length]));
  // Who has more may keep one more.
  const [least, more] = [Math.floor(shards / sorted.length), shards % sorted.length];
  const byHeld = [...held.keys()].sort((left, right) => (held.get(right) as number) - (held.get(left) as number));
  const room = new Map(byHeld.map((identity, index) => [identity, least + (index < more ? 1 : 0)]));

  owners.forEach((owner, shard) => {
    if (owner === undefined) return;
    const left = room.get(owner) as number;
    if (left > 0) room.set(owner, left - 1);
    else owners[shard] = undefined;
  });
  return owners.map((owner, shard) => {
    if (owner !== undefined) return owner;
    const free = [...room.keys()].filter((identity) => (room.get(identity) as number) > 0);
    const chosen = free.reduce((best, identity) => (affinity(identity, shard) > affinity(best, shard) ? identity : best));
    room.set(chosen, (room.get(chosen) as number) - 1);
    return chosen;
  });
}
