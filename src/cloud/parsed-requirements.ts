import type { Requirement } from '../api/requirement.js';
import { Requirements } from '../api/requirements.js';

const parsed = new WeakMap<readonly Requirement[], Requirements>();

/** The requirements of a type or offering as sets; parsed once a list, which must not change afterwards. */
export function requirementsOf({ requirements }: { requirements: readonly Requirement[] }): Requirements {
  let sets = parsed.get(requirements);
  if (sets === undefined) {
    sets = Requirements.of(...requirements);
    parsed.set(requirements, sets);
  }
  return sets;
}
