import type * as policy from 'kubernetes-types/policy/v1.js';
import { ForeignKind } from '../dsl/kind-decorators.js';
import { typed } from './typed.js';

/** How many pods may be disrupted at once. */
@ForeignKind({ group: 'policy', version: 'v1', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets', namespaced: true })
export class PodDisruptionBudget extends typed<policy.PodDisruptionBudget>() {}
