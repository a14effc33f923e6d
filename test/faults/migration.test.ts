import { expect } from 'chai';
import { NodePool } from 'karpenter-ts/api';
import { CustomResourceDefinition } from 'karpenter-ts/operator';
import { everyFault } from 'karpenter-ts/operator/testing';
import type { TestBed } from 'karpenter-ts/operator/testing';
import { StoredVersionMigration } from '../../reconcilers/migration/stored-version-migration.js';
import { PATIENCE, karpenterScenario } from '../support/fault-bed.js';

const CRD = 'nodepools.karpenter.sh';
const ANNOTATION = 'karpenter.sh/stored-version-migrated';

const storedVersions = async ({ api }: Pick<TestBed, 'api'>): Promise<string[] | undefined> => (await api.get(CustomResourceDefinition, CRD)).status?.storedVersions;

describe('the migration of stored versions under every fault', () => {
  it('stores every object anew before it says that none is left', async () => {
    let began = false;
    const { scenario, invariants } = karpenterScenario([StoredVersionMigration], async (bed) => {
      began = false;
      const { karpenter } = bed;
      await karpenter.api.patch(CustomResourceDefinition, CRD, { status: { storedVersions: ['v1beta1', 'v1'] } });
      for (const name of ['a', 'b']) await karpenter.readyPool({}, name);
      began = true;
      await bed.until(async () => (await storedVersions(karpenter.bed))?.join() === 'v1');
    });
    await everyFault(scenario, { sample: 1, invariants: {
      ...invariants,
      'no object is left in the version that is taken from the list': async ({ bed }) => {
        if (!began || (await storedVersions(bed))?.join() !== 'v1') return;
        expect((await bed.api.list(NodePool)).map(({ metadata }) => metadata.annotations[ANNOTATION])).to.deep.equal(['true', 'true']);
      },
    } });
  }).timeout(PATIENCE);
});
