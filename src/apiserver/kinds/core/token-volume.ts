import type { PodSpec, ServiceAccount, Volume } from 'kubernetes-types/core/v1.js';
import type { StrategyContext } from '../../contracts.js';
import { generatedName } from '../../generated-name.js';

const PREFIX = 'kube-api-access-';
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
/** An hour, and what tells the tokens of pods from those that somebody asked an hour for. */
const TOKEN_SECONDS = 3_607;

const tokenVolume = (name: string): Volume => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
    ],
    defaultMode: 0o644,
  },
});

/** Mounts the service account's token into the containers that have nothing else there, unless the pod or its account does not want it. The pod is not yet valid. */
export function mountToken(spec: PodSpec, { automountServiceAccountToken: byDefault = true }: ServiceAccount, ctx: StrategyContext): void {
  if (!(spec.automountServiceAccountToken ?? byDefault)) return;
  const lacking = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].filter(({ volumeMounts }) => !volumeMounts?.some(({ mountPath }) => mountPath === MOUNT_PATH));
  if (lacking.length === 0) return;
  const own = spec.volumes?.find(({ name }) => (name as string | undefined)?.startsWith(PREFIX));
  const volume = own ?? tokenVolume(generatedName(ctx, PREFIX));
  for (const container of lacking) container.volumeMounts = [...(container.volumeMounts ?? []), { name: volume.name, readOnly: true, mountPath: MOUNT_PATH }];
  if (!own) spec.volumes = [...(spec.volumes ?? []), volume];
}
