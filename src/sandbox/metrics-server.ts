import { createApiServer } from '../apiserver/index.js';
import type { MetricsProvider } from '../apiserver/index.js';
import { isNotFound } from '../operator/index.js';
import type { Clock, KindRef, KubeClient, KubeObject, Random } from '../operator/index.js';
import type { KeyPair } from '../operator/webhook/certificate.js';

const API_SERVICE: KindRef = { group: 'apiregistration.k8s.io', version: 'v1', kind: 'APIService', plural: 'apiservices', namespaced: false };
const SERVICE: KindRef = { group: '', version: 'v1', kind: 'Service', plural: 'services', namespaced: true };
const NAME = 'v1beta1.metrics.k8s.io';
const SERVICE_NAME = { namespace: 'kube-system', name: 'karpenter-ts-sandbox-metrics' };

/**
 * Serves `metrics.k8s.io` as metrics-server does, and has the API server aggregate it, unless it has it from somebody else or does not
 * aggregate. Returns what takes it back.
 */
export async function serveMetrics(client: KubeClient, metrics: MetricsProvider, { clock, random, certificate: { certificate, key } }: { clock: Clock; random: Random; certificate: KeyPair }): Promise<() => Promise<void>> {
  const known = await client.find<KubeObject & { spec: { service?: { name: string } } }>(API_SERVICE, { name: NAME });
  // Of a sandbox that was killed.
  const left = known?.spec.service?.name === SERVICE_NAME.name;
  if (known && !left) return () => Promise.resolve();
  const server = createApiServer({ clock, random, metrics });
  const { port } = await server.listen({ tls: { cert: certificate, key } });
  const remove = async (): Promise<void> => {
    for (const [kind, target] of [[API_SERVICE, { name: NAME }], [SERVICE, SERVICE_NAME]] as const) {
      await client.delete(kind, target).catch((error: unknown) => { if (!isNotFound(error)) throw error; });
    }
  };
  try {
    if (left) await remove();
    await client.create(SERVICE, { metadata: SERVICE_NAME, spec: { type: 'ExternalName', externalName: 'localhost' } });
    await client.create(API_SERVICE, { metadata: { name: NAME }, spec: { group: 'metrics.k8s.io', version: 'v1beta1', insecureSkipTLSVerify: true, groupPriorityMinimum: 100, versionPriority: 100, service: { ...SERVICE_NAME, port } } });
  } catch (error) {
    await Promise.all([remove(), server.close()]);
    if (isNotFound(error)) return () => Promise.resolve();
    throw error;
  }
  return async () => {
    try {
      await remove();
    } finally {
      await server.close();
    }
  };
}
