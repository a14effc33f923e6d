import { expect } from 'chai';
import { EC2NodeClass, NODECLASS_HASH_ANNOTATION, NODECLASS_HASH_VERSION_ANNOTATION, NodeClaim } from 'karpenter-ts/api';
import { NODECLASS_HASH_VERSION, nodeClassHash } from 'karpenter-ts/cloud/aws';
import { AwsBed } from '../../test/support/aws-bed.js';
import { EC2NodeClassHash } from './hash.js';

describe('the hash of EC2NodeClasses', () => {
  let aws: AwsBed;

  afterEach(() => aws.close());

  const stampsOf = async (kind: typeof NodeClaim | typeof EC2NodeClass, name: string): Promise<(string | undefined)[]> => {
    const { annotations } = (await aws.bed.api.get<NodeClaim | EC2NodeClass>(kind, name)).metadata;
    return [annotations[NODECLASS_HASH_ANNOTATION], annotations[NODECLASS_HASH_VERSION_ANNOTATION]];
  };
  const claim = (name: string, hash: string, version: string) => aws.bed.api.create(NodeClaim, {
    metadata: { name, annotations: { [NODECLASS_HASH_ANNOTATION]: hash, [NODECLASS_HASH_VERSION_ANNOTATION]: version } },
    spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, requirements: [] },
  });
  const hashNow = async (): Promise<string> => nodeClassHash(await aws.bed.api.get(EC2NodeClass, 'default'), 'Y2E=');

  it('is stamped on the class, and anew when the class changes', async () => {
    aws = await AwsBed.of([EC2NodeClassHash]);
    await aws.nodeClass();
    await aws.bed.settle();
    const first = await hashNow();
    expect(await stampsOf(EC2NodeClass, 'default')).to.deep.equal([first, NODECLASS_HASH_VERSION]);
    await aws.bed.api.patch(EC2NodeClass, 'default', { spec: { userData: 'echo' } });
    await aws.bed.settle();
    expect(await stampsOf(EC2NodeClass, 'default')).to.deep.equal([await hashNow(), NODECLASS_HASH_VERSION]);
    expect(await hashNow()).to.not.equal(first);
  });

  it('of an older version is carried over with its claims, which would all drift otherwise; those that have drifted stay so', async () => {
    aws = await AwsBed.of([EC2NodeClassHash]);
    await aws.nodeClass();
    await aws.bed.api.patch(EC2NodeClass, 'default', { metadata: { annotations: { [NODECLASS_HASH_ANNOTATION]: '1', [NODECLASS_HASH_VERSION_ANNOTATION]: 'v5' } } });
    await claim('old', '1', 'v5');
    await claim('drifted', '1', 'v5');
    await claim('current', '2', NODECLASS_HASH_VERSION);
    await aws.bed.api.patch(NodeClaim, 'drifted', { status: { conditions: [{ type: 'Drifted', status: 'True', reason: 'AMIDrift', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }] } });
    await aws.bed.settle();
    const hash = await hashNow();
    expect(await stampsOf(EC2NodeClass, 'default')).to.deep.equal([hash, NODECLASS_HASH_VERSION]);
    expect(await stampsOf(NodeClaim, 'old')).to.deep.equal([hash, NODECLASS_HASH_VERSION]);
    expect(await stampsOf(NodeClaim, 'drifted')).to.deep.equal(['1', NODECLASS_HASH_VERSION]);
    expect(await stampsOf(NodeClaim, 'current')).to.deep.equal(['2', NODECLASS_HASH_VERSION]);
  });

  it('of the same version is not: then the claims are to drift', async () => {
    aws = await AwsBed.of([EC2NodeClassHash]);
    await aws.nodeClass();
    await aws.bed.api.patch(EC2NodeClass, 'default', { metadata: { annotations: { [NODECLASS_HASH_ANNOTATION]: '1', [NODECLASS_HASH_VERSION_ANNOTATION]: NODECLASS_HASH_VERSION } } });
    await claim('old', '1', NODECLASS_HASH_VERSION);
    await aws.bed.settle();
    expect((await stampsOf(EC2NodeClass, 'default'))[0]).to.equal(await hashNow());
    expect(await stampsOf(NodeClaim, 'old')).to.deep.equal(['1', NODECLASS_HASH_VERSION]);
  });
});
