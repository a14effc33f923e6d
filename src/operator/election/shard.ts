/** FNV-1a over UTF-16 units: fast, and spread out by the mixing below. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}

/** The finalizer of MurmurHash3: every bit of the input reaches every bit of the output. */
function mixed(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** How much a name and a number have to do with each other: the same everywhere, without any pattern. */
export const affinity = (name: string, number: number): number => mixed(hashOf(name) + Math.imul(number, 0x9e3779b9));

/**
 * The shard of a key: the one with which its affinity is highest (rendezvous hashing). All replicas agree, every shard gets the same share, and another number
 * of shards moves no more keys than it has to.
 */
export function shardOf(key: string, shards: number): number {
  const hash = hashOf(key);
  let [best, highest] = [0, -1];
  for (let shard = 0; shard < shards; shard += 1) {
    const weight = mixed(hash + Math.imul(shard, 0x9e3779b9));
    if (weight > highest) [best, highest] = [shard, weight];
  }
  return best;
}
