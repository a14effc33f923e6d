import { expect } from 'chai';
import type { Pod, Service } from 'kubernetes-types/core/v1.js';
import { workloadSelectors } from './workload-selector.js';
import type { WorkloadLookup } from './workload-selector.js';

const service = (selector?: Record<string, string>): Service => ({ metadata: { name: 's' }, spec: selector ? { selector } : {} });
const lookup = (rest: Partial<WorkloadLookup> = {}): WorkloadLookup =>
  ({ services: () => [], replicationController: () => undefined, replicaSet: () => undefined, statefulSet: () => undefined, ...rest });
const ownedBy = (apiVersion: string, kind: string, controller = true): Pod =>
  ({ metadata: { name: 'p', namespace: 'default', labels: { app: 'web', tier: 'front', hash: '1' }, ownerReferences: [{ apiVersion, kind, name: 'owner', uid: kind, controller }] } });
const web = ownedBy('apps/v1', 'ReplicaSet');
const selector = { matchLabels: { hash: '1' }, matchExpressions: [{ key: 'app', operator: 'Exists' }] };
const replicaSet = { replicaSet: () => ({ spec: { selector, template: {} } }) };

describe('the selector of default spread constraints', () => {
  it('is everything by which Services of the namespace select the pod', () => {
    const services = [service({ app: 'web' }), service({ tier: 'front' }), service({ app: 'other' }), service(), service({})];
    expect(workloadSelectors(lookup({ services: () => services }))(web)).to.deep.equal({ matchLabels: { app: 'web', tier: 'front' }, matchExpressions: [] });
  });

  it('adds by what its ReplicaSet or StatefulSet selects it', () => {
    const added = [{ key: 'hash', operator: 'In', values: ['1'] }, { key: 'app', operator: 'Exists' }];
    expect(workloadSelectors(lookup({ ...replicaSet, services: () => [service({ app: 'web' })] }))(web)).to.deep.equal({ matchLabels: { app: 'web' }, matchExpressions: added });
    expect(workloadSelectors(lookup({ statefulSet: () => ({ spec: { selector, serviceName: '', template: {} } }) }))(ownedBy('apps/v1', 'StatefulSet'))).to.deep.equal({ matchLabels: {}, matchExpressions: added });
  });

  it('lets the selector of a ReplicationController overrule that of a Service', () => {
    const controllers = { replicationController: () => ({ spec: { selector: { app: 'old' } } }), services: () => [service({ app: 'web' })] };
    expect(workloadSelectors(lookup(controllers))(ownedBy('v1', 'ReplicationController'))).to.deep.equal({ matchLabels: { app: 'old' }, matchExpressions: [] });
  });

  it('is none for pods that nothing selects, so that they get no default', () => {
    expect(workloadSelectors(lookup({ services: () => [service({}), service()] }))(web)).to.equal(undefined);
    expect(workloadSelectors(lookup(replicaSet))(ownedBy('apps/v1', 'ReplicaSet', false))).to.equal(undefined);
    expect(workloadSelectors(lookup(replicaSet))(ownedBy('batch/v1', 'ReplicaSet'))).to.equal(undefined);
  });

  it('is looked up once for pods of one controller with the same labels', () => {
    let lookups = 0;
    const selectorOf = workloadSelectors(lookup({ services: () => ((lookups += 1), [service({ app: 'web' })]) }));
    expect(selectorOf(web)).to.equal(selectorOf({ ...web, metadata: { ...web.metadata, name: 'another' } }));
    selectorOf({ ...web, metadata: { ...web.metadata, labels: {} } });
    expect(lookups).to.equal(2);
  });
});
