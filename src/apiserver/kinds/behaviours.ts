import type { KindBehaviour } from './behaviour.js';

/** `apiVersion/Kind` → what sets that kind apart. Kinds that are not here are plain stored objects. */
export const behaviours: Readonly<Record<string, KindBehaviour>> = {};
