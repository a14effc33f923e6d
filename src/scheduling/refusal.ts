import type { Taint } from '../api/taints.js';
import type { Bits } from './bits.js';
import type { Pool } from './pool.js';
import type { Conflict, RequirementSet } from './requirement-set.js';
import type { TopologyRefusal } from './topology.js';
import type { ValueSet } from './value-set.js';

/** Why a pool cannot make a node for a pod. References only: {@link describeRefusal} says it in words when somebody asks. */
export type Refusal =
  | { readonly rule: 'taint'; readonly pool: Pool; readonly taint: Taint }
  | { readonly rule: 'requirements' | 'volumes'; readonly pool: Pool } & Conflict
  | { readonly rule: 'hostname'; readonly pool: Pool; readonly wants: ValueSet }
  | { readonly rule: 'topology'; readonly pool: Pool } & TopologyRefusal
  | { readonly rule: 'types'; readonly pool: Pool; readonly requirements: RequirementSet; readonly requests: Float64Array; readonly rows: Bits }
  | { readonly rule: 'minValues'; readonly pool: Pool; readonly keys: readonly string[] }
  | { readonly rule: 'limits'; readonly pool: Pool; readonly remaining: Readonly<Record<string, number>> }
  | { readonly rule: 'resources' | 'ports' | 'nodeLimit' | 'reserved'; readonly pool: Pool };
