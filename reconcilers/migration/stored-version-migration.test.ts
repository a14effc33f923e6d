import { expect } from 'chai';
import { NodeClaim, NodePool } from 'karpenter-ts/api';
import { CustomResourceDefinition } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { StoredVersionMigration } from './stored-version-migration.js';

const ANNOTATION = 'karpenter.sh/stored-version-migrated';

describe('the migration of stored versions', () => {
  let karpenter: KarpenterBed;

  beforeEach(async () => {
    karpenter = await karpenterBed([StoredVersionMigration]);
    await karpenter.readyPool();
    await karpenter.claim();
  });
  afterEach(() => karpenter.bed.close());

  const stored = async (name: string): Promise<string[] | undefined> => (await karpenter.api.get(CustomResourceDefinition, name)).status?.storedVersions;
  const migrated = async (kind: typeof NodePool | typeof NodeClaim, name: string): Promise<string | undefined> => (await karpenter.api.get<NodePool | NodeClaim>(kind, name)).metadata.annotations[ANNOTATION];

  it('writes every object anew, and then takes the old version from the list', async () => {
    await karpenter.api.patch(CustomResourceDefinition, 'nodepools.karpenter.sh', { status: { storedVersions: ['v1beta1', 'v1'] } });
    const before = (await karpenter.api.get(NodePool, 'default')).metadata.resourceVersion;
    await karpenter.bed.settle();
    expect(await migrated(NodePool, 'default')).to.equal('true');
    expect((await karpenter.api.get(NodePool, 'default')).metadata.resourceVersion).to.not.equal(before);
    expect(await stored('nodepools.karpenter.sh')).to.deep.equal(['v1beta1', 'v1']);
    await karpenter.bed.advance('10s');
    expect(await stored('nodepools.karpenter.sh')).to.deep.equal(['v1']);
    expect(await migrated(NodeClaim, 'claim')).to.equal(undefined);
  });

  it('has nothing to do where one version is stored', async () => {
    await karpenter.bed.advance('2h');
    expect(await migrated(NodePool, 'default')).to.equal(undefined);
    expect(await stored('nodepools.karpenter.sh')).to.deep.equal(['v1']);
  });
});
