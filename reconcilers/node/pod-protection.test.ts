import { expect } from 'chai';
import { Pod } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { PodProtection } from './pod-protection.js';

const ANNOTATION = 'karpenter.sh/do-not-disrupt';

describe('the protection of pods', () => {
  let karpenter: KarpenterBed;

  beforeEach(async () => {
    karpenter = await karpenterBed([PodProtection]);
  });
  afterEach(() => karpenter.bed.close());

  const running = async (value: string): Promise<Pod> => {
    await karpenter.pod('pod', { node: 'node', annotations: { [ANNOTATION]: value } });
    const pod = await karpenter.api.patch(Pod, 'pod', { status: { startTime: karpenter.time() } as never });
    await karpenter.bed.settle();
    return pod;
  };

  it('is explained: until when it holds, and once that it does not any more', async () => {
    const pod = await running('10m');
    expect(await karpenter.events(pod)).to.deep.equal([`Normal DoNotDisruptUntil: The ${ANNOTATION} grace period will elapse at 2024-01-01T00:10:00Z`]);
    await karpenter.bed.advance('9m59s');
    expect(await karpenter.events(pod)).to.have.length(1);
    await karpenter.bed.advance('30m');
    expect(await karpenter.events(pod)).to.include(`Normal DoNotDisruptGracePeriodElapsed: The ${ANNOTATION} grace period has elapsed, the pod can be disrupted`).and.to.have.length(2);
  });

  it('follows the annotation', async () => {
    const pod = await running('10m');
    await karpenter.api.patch(Pod, 'pod', { metadata: { annotations: { [ANNOTATION]: '20m' } } });
    await karpenter.bed.advance('15m');
    expect(await karpenter.events(pod)).to.deep.equal(['00:10', '00:20'].map((time) => `Normal DoNotDisruptUntil: The ${ANNOTATION} grace period will elapse at 2024-01-01T${time}:00Z`));
  });

  it('is none when the value means nothing, which the pod is told', async () => {
    const pod = await running('tomorrow');
    expect(await karpenter.events(pod)).to.deep.equal([
      `Warning InvalidDoNotDisruptAnnotation: The ${ANNOTATION} annotation is "tomorrow", which is ignored: it must be "true" or a duration above 0 such as "4h"`,
    ]);
  });

  it('needs no explanation when it is for good, or not there', async () => {
    const pod = await running('true');
    await karpenter.api.patch(Pod, 'pod', { metadata: { annotations: { [ANNOTATION]: 'false' } } });
    await karpenter.bed.advance('1h');
    expect(await karpenter.events(pod)).to.deep.equal([]);
  });
});
