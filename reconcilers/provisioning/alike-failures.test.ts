import { expect } from 'chai';
import type { Unschedulable, Verdict } from 'karpenter-ts/scheduling';
import { alikeFailures } from './alike-failures.js';

const failure = (name: string, controller: string | undefined, verdict: Verdict | undefined): Unschedulable => ({
  pod: {
    metadata: { name, uid: name, ...(controller ? { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: controller, uid: controller, controller: true }] } : {}) },
  },
  deferred: false, reason: 'too large', ...(verdict ? { verdict } : {}),
});

describe('pods that fit nowhere', () => {
  it('are told of once a workload and verdict, at the pod that came first', () => {
    const [one, other] = [{}, {}] as Verdict[];
    const told = alikeFailures([failure('a-0', 'a', one), failure('b-0', 'b', one), failure('a-1', 'a', one), failure('a-2', 'a', other), failure('lone', undefined, one)]);
    expect(told.map(({ pod, others, subject }) => [pod.metadata.name, others, subject])).to.deep.equal([
      ['a-0', 1, 'pod and 1 more of ReplicaSet a'], ['b-0', 0, 'pod'], ['lone', 0, 'pod'], ['a-2', 0, 'pod'],
    ]);
  });
});
