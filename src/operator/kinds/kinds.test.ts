import { expect } from 'chai';
import { isKind, kindRefOf } from '../dsl/kind-plan.js';
import { BaseResource } from '../dsl/resource.js';
import { Node, PersistentVolumeClaim, Pod } from './core.js';
import { PodDisruptionBudget } from './policy.js';

describe('core kinds', () => {
  it('know what they are on the wire', () => {
    expect(kindRefOf(Pod)).to.deep.equal({ group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true });
    expect(kindRefOf(Node).namespaced).to.equal(false);
    expect(kindRefOf(PersistentVolumeClaim).plural).to.equal('persistentvolumeclaims');
    expect(kindRefOf(PodDisruptionBudget)).to.include({ group: 'policy', version: 'v1' });
  });

  it('type plain objects of kubernetes-types', () => {
    const node: Node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'a', uid: '', resourceVersion: '1', creationTimestamp: '', labels: {}, annotations: {} },
      spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] },
      status: { allocatable: { cpu: '2' } },
    };
    expect(node.spec.taints?.[0]?.key).to.equal('a');
  });

  it('are told apart from classes that are no kinds', () => {
    class Nothing extends BaseResource {}
    class Heir extends Pod {}
    expect(isKind(Pod)).to.equal(true);
    expect(isKind(Heir)).to.equal(false);
    expect(() => kindRefOf(Nothing)).to.throw('class Nothing is no kind; decorate it with @ResourceKind, @Version or @ForeignKind');
  });
});
