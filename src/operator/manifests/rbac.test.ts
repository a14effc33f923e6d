import { expect } from 'chai';
import { Validates } from '../dsl/admission.js';
import { compile } from '../dsl/compile.js';
import { Condition, Finalizer, Owns, RBAC, Reconciler, Singleton, Watches } from '../dsl/decorators.js';
import { ResourceKind } from '../dsl/kind-decorators.js';
import { met, released } from '../dsl/outcome.js';
import type { Outcome, Release } from '../dsl/outcome.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import { ConfigMap, Node, Pod } from '../kinds/core.js';
import { electionPermissions, missingPermissions, permissionsOf, policyRules, webhookPermissions } from './rbac.js';

@ResourceKind({ group: 'test.example.com', version: 'v1', kind: 'Shop', scope: 'Namespaced', spec: () => s.object({ a: s.string() }), status: () => s.anyObject() })
class Shop extends Resource<{ a: string }, Record<string, unknown>, 'Open'> {}

@Reconciler({ for: Shop, name: 'shop' })
@Owns(Pod)
@RBAC({ groups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['till'], why: 'the till is locked' })
class ShopKeeper {
  @Watches(Node)
  shops(_node: Node): [] { return []; }
  @Condition('Open')
  open(_shop: Shop): Outcome { return met(); }
  @Finalizer('test.example.com/close')
  close(_shop: Shop): Release { return released(); }
}
@Singleton({ name: 'census', every: '1m', reads: [ConfigMap] })
class Census {
  tick(): void {}
}

describe('permissions', () => {
  const plan = compile([ShopKeeper, Census]);

  it('follow from what classes declare, grouped into few rules', () => {
    expect(policyRules(permissionsOf(plan))).to.deep.equal([
      { apiGroups: [''], resources: ['configmaps', 'nodes'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['create', 'get', 'list', 'patch', 'watch'] },
      { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['till'] },
      { apiGroups: ['test.example.com'], resources: ['shops'], verbs: ['get', 'list', 'patch', 'watch'] },
      { apiGroups: ['test.example.com'], resources: ['shops/finalizers'], verbs: ['update'] },
      { apiGroups: ['test.example.com'], resources: ['shops/status'], verbs: ['patch'] },
    ]);
  });

  it('are missing with the reason for which they are needed', () => {
    const rules = policyRules(permissionsOf(plan));
    expect(missingPermissions(permissionsOf(plan), rules)).to.deep.equal([]);
    const without = rules.filter(({ resources }) => !resources.includes('shops/status') && !resources.includes('secrets'));
    expect(missingPermissions(permissionsOf(plan), without).map(({ verb, resource, why }) => `${verb} ${resource}: ${why}`)).to.deep.equal([
      'patch shops/status: conditions of shop', 'get secrets: shop: the till is locked',
    ]);
    expect(missingPermissions(permissionsOf(plan), [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }])).to.deep.equal([]);
    expect(missingPermissions(permissionsOf(plan), [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'], resourceNames: ['till'] }])).to.have.length(permissionsOf(plan).length - 1);
  });

  it('of nothing are none', () => {
    expect(permissionsOf(compile([]))).to.deep.equal([]);
    expect(webhookPermissions(compile([]), { name: 'till', namespace: 'shops' })).to.deep.equal([]);
  });

  it('are for one namespace where a rule says so, and have every reason', () => {
    @Singleton({ name: 'lights', every: '1m' })
    @RBAC({ groups: [''], resources: ['secrets'], verbs: ['get'], namespace: 'vault', why: 'the key of the lights' })
    @RBAC({ groups: [''], resources: ['secrets'], verbs: ['get'], namespace: 'vault', why: 'the key of the door' })
    class Lights {
      tick(): void {}
    }
    const declared = permissionsOf(compile([Lights])).filter(({ resource }) => resource === 'secrets');
    expect(declared).to.deep.equal(['lights: the key of the lights', 'lights: the key of the door'].map((why) => ({ group: '', resource: 'secrets', verb: 'get', namespace: 'vault', why })));
    expect(policyRules(declared)).to.deep.equal([{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }]);
  });

  it('of an election are about its own lease', () => {
    expect(policyRules(electionPermissions({ name: 'till', namespace: 'shops' }))).to.deep.equal([
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'patch', 'watch'], resourceNames: ['till-leader-election'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
    ]);
  });

  it('of replicas that share the work are about the leases of all shards', () => {
    const [, watched] = electionPermissions({ name: 'till', namespace: 'shops', lease: 'desk', shards: 2 });
    expect(watched?.resourceNames).to.deep.equal(['desk-layout', 'desk-members', 'desk-0', 'desk-1']);
  });

  it('of webhooks are about their own certificates and configurations', () => {
    @Reconciler({ for: Shop, name: 'inspector' })
    class Inspector {
      @Condition('Open')
      open(_shop: Shop): Outcome { return met(); }
      @Validates(Shop)
      check(_shop: Shop): undefined { return undefined; }
    }
    const needed = webhookPermissions(compile([Inspector]), { name: 'till', namespace: 'shops' });
    expect(policyRules(needed.filter(({ namespace }) => namespace === undefined))).to.deep.equal([
      { apiGroups: ['admissionregistration.k8s.io'], resources: ['validatingwebhookconfigurations'], verbs: ['get', 'patch'], resourceNames: ['till'] },
    ]);
    expect(policyRules(needed.filter(({ namespace }) => namespace === 'shops'))).to.deep.equal([
      { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'patch'], resourceNames: ['till-webhook-certificates'] },
      { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
    ]);
  });
});
