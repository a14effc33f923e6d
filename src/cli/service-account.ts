import { KubeConfig } from '@kubernetes/client-node';
import type { KindRef, KubeTransport } from '../operator/index.js';
import { documentsOf } from './gate/surface-source.js';
import { karpenterRoleFiles } from './roles.js';

/** Who Karpenter is in a cluster, by the installation of config/ and of the charts. */
const USER = 'system:serviceaccount:karpenter:karpenter';
const SERVICE_ACCOUNT = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'karpenter', name: 'karpenter', labels: { 'app.kubernetes.io/name': 'karpenter' } } };

/** An object to be created, and its kind. */
export type NewObject = readonly [kind: KindRef, object: { readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels: object }; readonly spec?: object }];

/** Karpenter's service account with its roles and bindings, those of config/rbac, each with its kind. */
export async function accountObjects(): Promise<NewObject[]> {
  const files = await karpenterRoleFiles();
  const roles = [...files].flatMap(([name, text]) => documentsOf(text, name)) as (typeof SERVICE_ACCOUNT)[];
  return [SERVICE_ACCOUNT, ...roles].map((object) => [refOf(object), object]);
}

function refOf({ apiVersion, kind, metadata }: typeof SERVICE_ACCOUNT): KindRef {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') as [string, string] : ['', apiVersion];
  return { group, version, kind, plural: `${kind.toLowerCase()}s`, namespaced: 'namespace' in metadata };
}

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
