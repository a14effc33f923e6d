import { expect } from 'chai';
import type { AuditEvent } from '../../src/apiserver/index.js';
import { karpenterPlan, karpenterRoles } from '../../src/cli/roles.js';
import type { Permission, PolicyRule } from '../../src/operator/index.js';
import { PermissionScenario } from '../support/permission-scenario.js';

const resourceOf = ({ resource, subresource }: AuditEvent): string => (subresource ? `${resource}/${subresource}` : resource);

/** Whether a permission is what a request needs. */
const grants = ({ group, resource, verb, resourceNames, namespace }: Permission, event: AuditEvent): boolean =>
  group === event.group && resource === resourceOf(event) && verb === event.verb && (namespace ?? event.namespace) === event.namespace && (resourceNames?.includes(event.name) ?? true);

const concerns = ({ apiGroups, resources, verbs }: PolicyRule, event: AuditEvent): boolean => apiGroups.includes(event.group) && resources.includes(resourceOf(event)) && verbs.includes(event.verb);

/**
 * What nothing here asks for. Clusters with the admission plugin OwnerReferencesPermissionEnforcement look whether whoever lets an owner's
 * deletion wait may do this.
 */
const ASKED_BY_ADMISSION = ['nodeclaims/finalizers', 'nodepools/finalizers'];

describe('the permissions of Karpenter\'s service account', function permissions() {
  this.timeout(200_000);
  let scenario: PermissionScenario;
  let asked: readonly AuditEvent[];
  let permissions: Permission[];

  before(async () => {
    permissions = karpenterRoles(await karpenterPlan()).flatMap((role) => role.permissions);
    scenario = await PermissionScenario.start();
    await scenario.run();
    await scenario.end();
    asked = scenario.wanted.filter(({ path }) => path === '');
  });
  after(() => scenario.close());

  it('are enough for all that it does', async () => {
    const refused = asked.filter((event) => !permissions.some((permission) => grants(permission, event)));
    expect(refused.map((event) => `${event.verb} ${resourceOf(event)}.${event.group} ${event.namespace}/${event.name}`)).to.deep.equal([]);
  });

  it('are all used, reading with list and watch being one', () => {
    const isUsed = (permission: Permission): boolean => asked.some((event) => grants(permission, event));
    const isRead = ({ verb, ...permission }: Permission): boolean => verb === 'get' && ['list', 'watch'].every((other) => isUsed({ ...permission, verb: other }));
    const unused = permissions.filter((permission) => !isUsed(permission) && !isRead(permission));
    expect([...new Set(unused.map(({ resource, verb }) => `${verb} ${resource}`))].sort()).to.deep.equal(ASKED_BY_ADMISSION.map((resource) => `update ${resource}`));
  });

  it('lack something that was asked for when any rule of the roles is dropped', async () => {
    const idle: PolicyRule[] = [];
    const roles = scenario.roles();
    expect(roles.map(({ kind, metadata: { name, namespace = '' } }) => `${kind} ${namespace}/${name}`)).to.have.members([
      'ClusterRole /karpenter', 'Role karpenter/karpenter', 'Role karpenter/karpenter-webhook', 'Role kube-node-lease/karpenter-lease',
    ]);
    for (const role of roles) {
      for (const rule of role.rules) {
        await scenario.change(role, role.rules.filter((other) => other !== rule));
        let refused = false;
        for (const event of asked.filter((one) => concerns(rule, one))) refused ||= await scenario.refuses(event);
        if (!refused) idle.push(rule);
      }
      await scenario.change(role, role.rules);
    }
    expect(idle).to.deep.equal([{ apiGroups: ['karpenter.sh'], resources: ASKED_BY_ADMISSION, verbs: ['update'] }]);
    expect(await scenario.refuses(asked[0] as AuditEvent)).to.equal(false);
  });
});
