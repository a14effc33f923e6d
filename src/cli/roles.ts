import { Container } from 'inversify';
import { aws, core, observability } from '../../reconcilers/index.js';
import type { Settings } from '../../reconcilers/index.js';
import { DEFAULT_SETTINGS } from '../../reconcilers/index.js';
import { ReconcilerToken, compile, electionPermissions, permissionsOf, policyRules, toYAML, webhookPermissions } from '../operator/index.js';
import type { Permission, Plan, PolicyRule, ReconcilerClass } from '../operator/index.js';
import { permissionsIn, rulesText } from './project/role.js';

/** With every reconciler at work that a setting can bring. */
const EVERYTHING: Settings = {
  ...DEFAULT_SETTINGS,
  defaultTopologySpread: [{ maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' }],
  featureGates: { nodeRepair: true, reservedCapacity: true, spotToSpotConsolidation: true, nodeOverlay: true, staticCapacity: true, capacityBuffer: true },
};

const NAME = 'karpenter';
const NAMESPACE = 'karpenter';

/** A role of Karpenter's installation. */
export interface KarpenterRole {
  readonly file: string;
  readonly name: string;
  /** Absent: a ClusterRole. */
  readonly namespace?: string;
  readonly comment: string;
  readonly permissions: readonly Permission[];
}

/** What Karpenter declares with everything switched on. */
export async function karpenterPlan(): Promise<Plan> {
  const container = new Container();
  await container.loadAsync(...core(EVERYTHING), ...observability(), ...aws({ queue: true, zonalShift: true }));
  return compile(container.getAll<ReconcilerClass>(ReconcilerToken));
}

/** The fewest permissions with which Karpenter does all of its work, and each with what needs it. */
export function karpenterRoles(plan: Plan): KarpenterRole[] {
  const identity = { name: NAME, namespace: NAMESPACE };
  const dns: Permission = { group: '', resource: 'services', verb: 'get', why: "the cluster's DNS address goes into user data" };
  const permissions = [...permissionsOf(plan), dns, ...webhookPermissions(plan, identity)];
  return [
    { file: 'role.yaml', name: NAME, comment: 'What the reconcilers do in the whole cluster.', permissions: permissionsIn(permissions) },
    { file: 'leader_election_role.yaml', name: NAME, namespace: NAMESPACE, comment: 'One replica works, the others stand by.', permissions: electionPermissions(identity) },
    { file: 'webhook_role.yaml', name: `${NAME}-webhook`, namespace: NAMESPACE, comment: 'Replicas share the certificates of webhooks in a Secret.', permissions: permissionsIn(permissions, NAMESPACE) },
    { file: 'node_lease_role.yaml', name: `${NAME}-lease`, namespace: 'kube-node-lease', comment: 'Leases of kubelets whose Node is gone are deleted.', permissions: permissionsIn(permissions, 'kube-node-lease') },
  ];
}

type RoleKind = 'Role' | 'ClusterRole';
const GROUP = 'rbac.authorization.k8s.io';
const LABELS = { 'app.kubernetes.io/name': NAME };

interface RoleObject { apiVersion: string; kind: RoleKind | `${RoleKind}Binding`; metadata: { name: string; namespace?: string; labels: object } }

/** A role and its binding to Karpenter's service account. */
export function roleObjects({ name, namespace, permissions }: KarpenterRole): [role: RoleObject & { rules: readonly PolicyRule[] }, binding: RoleObject] {
  const kind: RoleKind = namespace === undefined ? 'ClusterRole' : 'Role';
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), labels: LABELS };
  return [
    { apiVersion: `${GROUP}/v1`, kind, metadata, rules: policyRules(permissions) },
    { apiVersion: `${GROUP}/v1`, kind: `${kind}Binding`, metadata, roleRef: { apiGroup: GROUP, kind, name }, subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE }] } as RoleObject,
  ];
}

/** The same as a file of config/rbac, each rule under what it is for. */
function roleText(described: KarpenterRole): string {
  const [{ rules: _, ...role }, binding] = roleObjects(described);
  return [
    '# Written by "make manifests" out of what the reconcilers declare: more goes into @RBAC.\n',
    `# ${described.comment}\n`,
    toYAML(role).replace('---\n', ''), 'rules:\n', rulesText(described.permissions), toYAML(binding),
  ].join('');
}

/** The roles as files of config/rbac, by name. */
export const karpenterRoleFiles = async (): Promise<Map<string, string>> => new Map(karpenterRoles(await karpenterPlan()).map((role) => [role.file, roleText(role)]));
