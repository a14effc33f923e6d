import { graphOf, renderGraph } from '../operator/index.js';
import type { GraphFormat, Plan } from '../operator/index.js';
import { DEFAULT_SETTINGS, aws, core, observability } from '../../reconcilers/index.js';
import { parseFeatureGates } from './operator-options.js';
import { loadModules, planOf } from './project/load-modules.js';
import { findProject } from './project/project.js';

export interface GraphFlags {
  format: GraphFormat;
  /** Of Karpenter: `Name=boolean`, separated by commas. */
  featureGates: string;
}

/** The plan of the project of a folder; outside of one Karpenter's, on AWS with an interruption queue. */
async function planAt(folder: string, featureGates: string): Promise<Plan> {
  const project = await findProject(folder);
  if (project) return planOf(await loadModules(project));
  const settings = { ...DEFAULT_SETTINGS, featureGates: parseFeatureGates(featureGates) };
  return planOf([...core(settings), ...aws({ queue: true, zonalShift: false }), ...observability()]);
}

/** `karpenter-ts graph`: kinds, who watches and owns them, and the conditions that come of it. */
export async function graphCommand(folder: string, { format, featureGates }: GraphFlags, print: (text: string) => void): Promise<void> {
  print(renderGraph(graphOf(await planAt(folder, featureGates)), format));
}
