import type { TopologySpreadConstraint } from 'kubernetes-types/core/v1.js';

/** The operator's settings under upstream's names (karpenter-core §6.1). Durations are milliseconds. */
export interface Settings {
  batchMaxDuration: number;
  batchIdleDuration: number;
  preferencePolicy: 'Respect' | 'Ignore';
  minValuesPolicy: 'Strict' | 'BestEffort';
  /** Millicores; scales how many keys are reconciled at once. */
  cpuRequests: number;
  featureGates: FeatureGates;
  /** What kube-scheduler spreads pods by that have no constraints of their own. */
  defaultTopologySpread: readonly TopologySpreadConstraint[];
}

export interface FeatureGates {
  nodeRepair: boolean;
  reservedCapacity: boolean;
  spotToSpotConsolidation: boolean;
  nodeOverlay: boolean;
  staticCapacity: boolean;
  capacityBuffer: boolean;
}

export const Settings = Symbol.for('karpenter.Settings');

export const DEFAULT_SETTINGS: Settings = {
  batchMaxDuration: 10_000,
  batchIdleDuration: 1_000,
  preferencePolicy: 'Respect',
  minValuesPolicy: 'Strict',
  cpuRequests: 1_000,
  featureGates: {
    nodeRepair: false,
    reservedCapacity: true,
    spotToSpotConsolidation: false,
    nodeOverlay: false,
    staticCapacity: false,
    capacityBuffer: false,
  },
  defaultTopologySpread: [],
};
