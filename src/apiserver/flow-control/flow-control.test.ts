import { expect } from 'chai';
import { settled, TestCluster } from '../testing/test-cluster.js';

const FLOWS = '/apis/flowcontrol.apiserver.k8s.io/v1';

describe('Flow control', () => {
  let cluster: TestCluster;
  beforeEach(() => {
    cluster = new TestCluster();
  });
  afterEach(() => cluster.server.close());

  const classified = async (path: string, user: string): Promise<string> => {
    const { headers } = await cluster.request('GET', path, undefined, { 'impersonate-user': user });
    const named = async (plural: string, uid: string | undefined): Promise<string> => (await cluster.ok('GET', `${FLOWS}/${plural}`)).items!.find(({ metadata }) => metadata.uid === uid)?.metadata.name ?? 'none';
    return `${await named('flowschemas', headers['x-kubernetes-pf-flowschema-uid'])} ${await named('prioritylevelconfigurations', headers['x-kubernetes-pf-prioritylevel-uid'])}`;
  };

  it('says by which schema a request would wait, the first of those that match', async () => {
    expect(await classified('/api/v1/pods', 'ann')).to.equal('global-default global-default');
    expect(await classified('/healthz', 'ann')).to.equal('probes exempt');
    expect(await classified('/api/v1/pods', 'system:kube-scheduler')).to.equal('kube-scheduler workload-high');
    expect(await classified('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/x', 'system:serviceaccount:kube-system:c')).to.equal('system-leader-election leader-election');
    expect(await classified('/apis/coordination.k8s.io/v1/namespaces/default/leases/x', 'system:serviceaccount:default:c')).to.equal('service-accounts workload-low');
    await cluster.ok('POST', `${FLOWS}/flowschemas`, {
      metadata: { name: 'ann' },
      spec: { matchingPrecedence: 1000, priorityLevelConfiguration: { name: 'system' }, rules: [{ subjects: [{ kind: 'User', user: { name: 'ann' } }], resourceRules: [{ verbs: ['list'], apiGroups: [''], resources: ['pods'], namespaces: ['a'] }] }] },
    });
    expect(await classified('/api/v1/namespaces/a/pods', 'ann')).to.equal('ann system');
    expect(await classified('/api/v1/namespaces/b/pods', 'ann')).to.equal('global-default global-default');
    expect(await classified('/api/v1/pods', 'ann')).to.equal('global-default global-default');
  });

  it('says of schemas whether their level is there, and of levels how many seats they have', async () => {
    const dangling = async (): Promise<unknown> => ((await cluster.ok('GET', `${FLOWS}/flowschemas/mine`))['status'] as { conditions: unknown[] }).conditions[0];
    await cluster.ok('POST', `${FLOWS}/flowschemas`, { metadata: { name: 'mine' }, spec: { priorityLevelConfiguration: { name: 'later' } } });
    await settled();
    expect(await dangling()).to.include({ type: 'Dangling', status: 'True', reason: 'NotFound' });
    await cluster.ok('POST', `${FLOWS}/prioritylevelconfigurations`, { metadata: { name: 'later' }, spec: { type: 'Limited', limited: { nominalConcurrencyShares: 245, limitResponse: { type: 'Reject' } } } });
    await settled();
    expect(await dangling()).to.include({ type: 'Dangling', status: 'False', reason: 'Found' });
    const metrics = (await cluster.ok('GET', '/metrics'))['text'];
    expect(metrics).to.contain('apiserver_flowcontrol_nominal_limit_seats{priority_level="later"} 300\n').and.to.contain('apiserver_flowcontrol_nominal_limit_seats{priority_level="exempt"} 0\n');
  });
});
