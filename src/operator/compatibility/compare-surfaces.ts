import { compareCRDs } from './compare-crds.js';
import { compareInterfaces } from './compare-interfaces.js';
import { compareRoles } from './compare-roles.js';
import { Findings } from './incompatibility.js';
import type { Incompatibility } from './incompatibility.js';
import type { Surface } from './surface.js';

/** What breaks those who use the version before when they get the one after. Nothing that is only more, or only more tolerant, does. */
export function compareSurfaces(before: Surface, after: Surface): Incompatibility[] {
  const findings = new Findings();
  compareCRDs(before.crds, after.crds, findings);
  compareRoles(before.roles, after.roles, findings);
  compareInterfaces(before.interfaces, after.interfaces, findings);
  return findings.list;
}
