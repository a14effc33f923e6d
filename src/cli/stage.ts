import { isTrue } from '../api/index.js';
import type { NodeClaim } from '../api/index.js';

const STAGES = ['Initialized', 'Registered', 'Launched'] as const;

/** How far a claim has come, in one word. */
export const stageOf = (claim: NodeClaim): string =>
  claim.metadata.deletionTimestamp ? 'terminating' : (STAGES.find((stage) => isTrue(claim, stage)) ?? 'created').toLowerCase();
