import { expect } from 'chai';
import { Container } from 'inversify';
import { readFile } from 'node:fs/promises';
import { ReconcilerToken, compile, missingPermissions, permissionsOf } from 'karpenter-ts/operator';
import type { PolicyRule, ReconcilerClass } from 'karpenter-ts/operator';
import { parseAllDocuments } from 'yaml';
import { DEFAULT_SETTINGS, aws, core, observability } from './index.js';
import type { Settings } from './index.js';

/** With every reconciler at work that a setting can bring. */
const EVERYTHING: Settings = {
  ...DEFAULT_SETTINGS,
  defaultTopologySpread: [{ maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' }],
  featureGates: { nodeRepair: true, reservedCapacity: true, spotToSpotConsolidation: true, nodeOverlay: true, staticCapacity: true, capacityBuffer: true },
};

describe('the role in config/rbac', () => {
  it('grants everything that the reconcilers declare', async () => {
    const container = new Container();
    await container.loadAsync(...core(EVERYTHING), ...observability(), ...aws({ queue: true, zonalShift: true }));
    const plan = compile(container.getAll<ReconcilerClass>(ReconcilerToken));
    const files = await Promise.all(['role', 'node_lease_role'].map((name) => readFile(`config/rbac/${name}.yaml`, 'utf8')));
    const granted = files.flatMap((text) => parseAllDocuments(text)).flatMap((document) => (document.toJS() as { rules?: PolicyRule[] }).rules ?? []);
    const missing = missingPermissions(permissionsOf(plan), granted);
    expect(missing.map(({ verb, resource, group, why }) => `${verb} ${resource}.${group} for ${why}`)).to.deep.equal([]);
  });
});
