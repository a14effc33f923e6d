import { KubeConfig } from '@kubernetes/client-node';
import { groupVersionOf } from '../operator/index.js';
import type { KindRef, KubeTransport } from '../operator/index.js';
import { karpenterPlan, karpenterRoles, roleObjects } from './roles.js';

/** Who Karpenter is in a cluster, by the installation of config/ and of the charts. */
const USER = 'system:serviceaccount:karpenter:karpenter';
const SERVICE_ACCOUNT = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'karpenter', name: 'karpenter', labels: { 'app.kubernetes.io/name': 'karpenter' } } };

/** An object to be created, and its kind. */
export type NewObject = readonly [kind: KindRef, object: { readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels: object }; readonly spec?: object }];

/** Karpenter's service account with its roles and bindings, those of config/rbac, each with its kind. */
export async function accountObjects(): Promise<NewObject[]> {
  const roles = karpenterRoles(await karpenterPlan()).flatMap((role) => roleObjects(role));
  return [SERVICE_ACCOUNT, ...roles].map((object) => [refOf(object), object]);
}

const refOf = ({ apiVersion, kind, metadata }: { apiVersion: string; kind: string; metadata: object }): KindRef =>
  ({ ...groupVersionOf(apiVersion), kind, plural: `${kind.toLowerCase()}s`, namespaced: 'namespace' in metadata });

/** The way to an API server as Karpenter's service account, on that of somebody who may impersonate it. */
export const accountTransport = (transport: KubeTransport): KubeTransport => ({
  send: (request) => transport.send({ ...request, headers: { ...request.headers, 'impersonate-user': USER } }),
  close: () => transport.close(),
});

/** A copy of a configuration whose current user impersonates Karpenter's service account. */
export function accountKubeconfig(kubeconfig: KubeConfig): KubeConfig {
  const copy = new KubeConfig();
  const current = kubeconfig.getCurrentUser();
  copy.loadFromOptions({
    clusters: kubeconfig.clusters, contexts: kubeconfig.contexts, currentContext: kubeconfig.currentContext,
    users: kubeconfig.users.map((user) => (user === current ? { ...user, impersonateUser: USER } : user)),
  });
  return copy;
}
