import { expect } from 'chai';
import { PodTimes } from './pod-times.js';

const pod = { metadata: { name: 'p', uid: 'p' }, spec: { containers: [] } };

describe('the times of a pod', () => {
  it('are when it was first heard of, first decided, and first found room for', () => {
    const times = new PodTimes();
    times.acknowledge(pod, 1);
    times.acknowledge(pod, 2);
    expect(times.decide(pod, false, 4)).to.equal(3);
    expect(times.decide(pod, true, 5)).to.equal(undefined);
    times.decide(pod, true, 6);
    expect(times.of(pod)).to.deep.equal({ acknowledged: 1, decided: 4, schedulable: 5 });
  });

  it('lose the room that is there no more', () => {
    const times = new PodTimes();
    times.decide(pod, true, 1);
    times.decide(pod, false, 2);
    expect(times.of(pod)).to.include({ decided: 1, schedulable: undefined });
    times.decide(pod, true, 3);
    expect(times.of(pod).schedulable).to.equal(3);
  });

  it('are not kept of pods that are bound, nor of pods that are over', () => {
    const times = new PodTimes();
    times.decide({ ...pod, spec: { ...pod.spec, nodeName: 'n' } }, true, 1);
    expect(times.of(pod)).to.deep.equal({});
    times.acknowledge(pod, 1);
    times.forget(pod);
    expect(times.of(pod)).to.deep.equal({});
  });
});
