import { readFile, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { EC2NodeClassStatusReconciler } from '../../reconcilers/ec2nodeclass/status.js';
import { NodeTermination } from '../../reconcilers/node/termination.js';
import { EvictionQueue } from '../../reconcilers/node/eviction-queue.js';
import { NodeClaimLifecycle } from '../../reconcilers/nodeclaim/lifecycle.js';
import { EC2NodeClass } from '../../src/api/index.js';
import type { EC2NodeClassSpec } from '../../src/api/index.js';
import type { ExplainTarget } from '../../src/operator/index.js';
import { explanationText } from '../../src/operator/index.js';
import type { TestBed } from '../../src/operator/testing/index.js';
import { AwsBed } from '../support/aws-bed.js';
import { karpenterBed } from '../support/karpenter-bed.js';

const FOLDER = 'test/explain/golden';

/** `UPDATE_GOLDEN=1` writes what is said now. Versions and generated names depend on how many objects a server makes for itself. */
async function expectExplanation(bed: TestBed, golden: string, target: ExplainTarget): Promise<void> {
  const text = explanationText(await bed.operator.explain(target)).replaceAll(/(?<= at | → )\d+/g, 'N');
  const path = `${FOLDER}/${golden}.txt`;
  if (process.env['UPDATE_GOLDEN']) await writeFile(path, text);
  expect(text).to.equal(await readFile(path, 'utf8'));
}

const NOTHING = [{ tags: { nobody: 'has-this' } }];
const SPEC: Partial<EC2NodeClassSpec> = {
  subnetSelectorTerms: [{ tags: { 'karpenter.sh/discovery': 'my-cluster', tier: 'private' } }],
  securityGroupSelectorTerms: [{ tags: { 'kubernetes.io/cluster/my-cluster': 'owned' } }],
  amiSelectorTerms: [{ alias: 'al2023@latest' }],
  role: 'KarpenterNodeRole-my-cluster',
};

describe('What explain says of a node class', () => {
  let aws: AwsBed;
  beforeEach(async () => {
    aws = await AwsBed.of([EC2NodeClassStatusReconciler]);
  });
  afterEach(() => aws.close());

  const create = async (spec: Partial<EC2NodeClassSpec> = {}): Promise<void> => {
    await aws.bed.api.create(EC2NodeClass, { metadata: { name: 'default' }, spec: { ...SPEC, ...spec } } as never);
    await aws.bed.advance('1s');
  };
  const says = (golden: string): Promise<void> => expectExplanation(aws.bed, golden, { kind: 'ec2nodeclass', name: 'default' });

  it('whose selectors match no subnet', async () => {
    await create({ subnetSelectorTerms: NOTHING });
    await aws.bed.advance('3m');
    await says('subnets-not-found');
  });

  it('that is fine', async () => {
    await create();
    await aws.bed.advance('3m');
    await says('ready');
  });
});

describe('What explain says of a claim', () => {
  it('whose node never registers', async () => {
    const world = await karpenterBed([NodeClaimLifecycle, NodeTermination, EvictionQueue]);
    await world.bed.settle();
    await world.readyNodeClass();
    await world.readyPool();
    await world.claim();
    await world.bed.advance('4m');
    await expectExplanation(world.bed, 'node-never-registers', { kind: 'nodeclaim', name: 'claim' });
    await world.bed.close();
  });
});
