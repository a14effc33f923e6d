import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { roleOf } from './role.js';

describe('The role of an operator', () => {
  const pods = { group: '', resource: 'pods', verb: 'list', why: 'informer' };
  const secrets = { group: '', resource: 'secrets', verb: 'get', resourceNames: ['b', 'a'], namespace: 'shop', why: 'the till is locked' };

  it('says what each rule is for', () => {
    expect(roleOf('shop', [pods])).to.include('# informer\n- apiGroups:\n    - ""\n  resources:\n    - pods\n');
    expect(parseAllDocuments(roleOf('shop', [pods]))).to.have.length(1);
  });

  it('is one in each namespace in which it may do more, bound to its service account', () => {
    const text = roleOf('shop', [pods, secrets]);
    expect(text).to.include('# the till is locked\n');
    const [cluster, role, binding] = parseAllDocuments(text).map((document) => document.toJS() as { kind: string; metadata: { namespace?: string }; rules: object[]; subjects: object[] });
    expect([cluster?.kind, cluster?.rules]).to.deep.equal(['ClusterRole', [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }]]);
    expect([role?.kind, role?.metadata.namespace, role?.rules]).to.deep.equal(['Role', 'shop', [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['a', 'b'] }]]);
    expect([binding?.kind, binding?.subjects]).to.deep.equal(['RoleBinding', [{ kind: 'ServiceAccount', name: 'shop', namespace: 'shop' }]]);
  });
});
