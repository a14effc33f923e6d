import type { Snapshot } from '../scheduling/snapshot.js';
import type { DisruptionCommand, DisruptionMethod, DisruptionNotice, DisruptionPlan, MethodReport } from './command.js';
import { describeCandidacy } from './describe.js';
import { drift } from './drift.js';
import { emptiness } from './emptiness.js';
import { runMethod } from './method.js';
import type { Method } from './method.js';
import { multiNodeConsolidation } from './multi-node-consolidation.js';
import type { DisruptionOptions } from './options.js';
import { singleNodeConsolidation } from './single-node-consolidation.js';
import { staticDrift } from './static-drift.js';

/** In the order in which they are tried. */
export const METHODS: Readonly<Record<DisruptionMethod, Method>> = {
  Emptiness: emptiness,
  StaticDrift: staticDrift,
  Drift: drift,
  MultiNodeConsolidation: multiNodeConsolidation,
  SingleNodeConsolidation: singleNodeConsolidation,
};

/** What to disrupt now: the commands of the first method that finds any. Pure (karpenter-core §3.3). */
export function plan(snapshot: Snapshot, options: DisruptionOptions): DisruptionPlan {
  const notices: DisruptionNotice[] = [];
  const methods: MethodReport[] = [];
  let unreachedPools: ReadonlySet<string> = options.unreachedPools ?? new Set();
  for (const name of options.methods ?? (Object.keys(METHODS) as DisruptionMethod[])) {
    const { report, output, notices: own } = runMethod(METHODS[name], snapshot, options);
    methods.push(report);
    notices.push(...own);
    if (name === 'SingleNodeConsolidation') unreachedPools = output.unreachedPools ?? new Set();
    notices.push(...output.commands.flatMap(candidacies));
    if (output.commands.length > 0) return { commands: output.commands, notices: distinct(notices), methods, unreachedPools };
  }
  return { commands: [], notices: distinct(notices), methods, unreachedPools };
}

/** What to tell of nodes that consolidation is about to take. */
function candidacies(command: DisruptionCommand): DisruptionNotice[] {
  if (command.reason !== 'Underutilized') return [];
  return command.candidates.map(({ node }) => ({ type: 'ConsolidationCandidate', message: describeCandidacy(command, node.name), node }));
}

/** Methods share candidates, and so the reasons why nodes are none. */
function distinct(notices: readonly DisruptionNotice[]): DisruptionNotice[] {
  const seen = new Set<string>();
  return notices.filter(({ type, message, node, nodePool }) => {
    const key = JSON.stringify([type, message, node?.name, nodePool?.metadata.name]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
