import type { Container, Pod, PodSpec, ServiceAccount } from 'kubernetes-types/core/v1.js';
import type { StrategyContext } from '../../contracts.js';
import { forbidden, type StatusError } from '../../status.js';
import { mountToken } from './token-volume.js';

const MIRROR = 'kubernetes.io/config.mirror';
const ENFORCE = 'kubernetes.io/enforce-mountable-secrets';

/** Gives a new pod its service account: the default one where it names none, with its token and its secrets for pulling images. @throws {StatusError} Forbidden */
export function admitServiceAccount(pod: Pod, spec: PodSpec, ctx: StrategyContext): void {
  const { namespace = '', name, generateName, annotations } = pod.metadata ?? {};
  const refuse = (problem: string): StatusError => forbidden({ group: '', plural: 'pods' }, name || generateName || 'Unknown', problem);
  if (annotations && Object.hasOwn(annotations, MIRROR)) {
    // Kubelets that find their own pods changed would start them anew.
    const problem = mirrorProblem(spec);
    if (problem !== undefined) throw refuse(problem);
    return;
  }
  spec.serviceAccountName ||= 'default';
  spec.serviceAccount = spec.serviceAccountName;
  const account = ctx.storage.get('serviceaccounts', namespace, spec.serviceAccountName) as ServiceAccount | undefined;
  if (!account) throw refuse(`error looking up service account ${namespace}/${spec.serviceAccountName}: serviceaccount ${JSON.stringify(spec.serviceAccountName)} not found`);
  mountToken(spec, account, ctx);
  if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) spec.imagePullSecrets = account.imagePullSecrets.map(({ name: secret }) => ({ ...(secret && { name: secret }) }));
  if (!/^(1|t|true)$/i.test(account.metadata?.annotations?.[ENFORCE] ?? '')) return;
  const problem = foreignSecret(spec, account);
  if (problem !== undefined) throw refuse(problem);
}

function mirrorProblem({ serviceAccountName, volumes = [], imagePullSecrets = [], containers, initContainers = [] }: PodSpec): string | undefined {
  if (serviceAccountName) return 'a mirror pod may not reference service accounts';
  const secrets = volumes.some(({ secret }) => secret) || imagePullSecrets.length > 0 || [...initContainers, ...containers].some((container) => secretsOf(container).length > 0);
  if (secrets) return 'a mirror pod may not reference secrets';
  return volumes.some(({ projected }) => projected?.sources?.some(({ serviceAccountToken }) => serviceAccountToken)) ? 'a mirror pod may not use ServiceAccountToken volume projections' : undefined;
}

/** Secrets that a container's environment is made of, with where. */
const secretsOf = ({ env = [], envFrom = [] }: Container): { secret: string; place: string }[] => [
  ...env.flatMap(({ name, valueFrom }) => (valueFrom?.secretKeyRef ? [{ secret: valueFrom.secretKeyRef.name ?? '', place: `envVar ${name}` }] : [])),
  ...envFrom.flatMap(({ secretRef }) => (secretRef ? [{ secret: secretRef.name ?? '', place: 'envFrom' }] : [])),
];

/** A secret that the pod refers to and its account does not list. */
function foreignSecret({ volumes = [], initContainers = [], containers, imagePullSecrets = [] }: PodSpec, { metadata, secrets = [], imagePullSecrets: pulling = [] }: ServiceAccount): string | undefined {
  const own = new Set(secrets.map(({ name }) => name));
  const pulls = new Set(pulling.map(({ name }) => name));
  const unlisted = `is not allowed because service account ${metadata?.name} does not reference that`;
  const problems = [
    ...volumes.flatMap(({ secret }) => (secret && !own.has(secret.secretName) ? [`volume with secret.secretName="${secret.secretName}" ${unlisted} secret`] : [])),
    ...[...initContainers.map((container) => ['init container', container] as const), ...containers.map((container) => ['container', container] as const)].flatMap(([kind, container]) =>
      secretsOf(container).flatMap(({ secret, place }) => (own.has(secret) ? [] : [`${kind} ${container.name} with ${place} referencing secret.secretName="${secret}" ${unlisted} secret`])),
    ),
    ...imagePullSecrets.flatMap(({ name }, index) => (pulls.has(name) ? [] : [`imagePullSecrets[${index}].name="${name}" ${unlisted} imagePullSecret`])),
  ];
  return problems[0];
}
