import type { Pod, PodSpec, PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import type { ApiObject } from '../../contracts.js';
import type { AdmissionPlugin, AdmissionRequest, RestContext } from '../../rest/context.js';
import { forbidden, invalid } from '../../status.js';
import { levelText, namespacePolicy, stricter, violationsOf } from './namespace-policy.js';
import type { LevelVersion } from './namespace-policy.js';
import type { Subject, Violation } from './pod-check.js';

/** Ways to a pod that do not change its spec. */
const IGNORED = ['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status'];
/** What makes pods, by storage's name: where its template is. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  'podtemplates': ['template'], 'replicationcontrollers': ['spec', 'template'], 'replicasets.apps': ['spec', 'template'], 'deployments.apps': ['spec', 'template'], 'daemonsets.apps': ['spec', 'template'],
  'statefulsets.apps': ['spec', 'template'], 'jobs.batch': ['spec', 'template'], 'cronjobs.batch': ['spec', 'jobTemplate', 'spec', 'template'],
};
/** Pods of a namespace that are looked at when its level changes. */
const PODS_LOOKED_AT = 3_000;

const detailsOf = (violations: readonly Violation[]): string => violations.map(({ reason, detail }) => (detail ? `${reason} (${detail})` : reason)).join(', ');
const subjectOf = (pod: Pod | PodTemplateSpec): Subject => ({ annotations: pod.metadata?.annotations ?? {}, spec: pod.spec ?? ({} as PodSpec) });

/** Holds pods to what the labels of their namespace allow, and warns of what they do not: Kubernetes' Pod Security Standards. */
export function podSecurity({ storage }: Pick<RestContext, 'storage'>): AdmissionPlugin {
  const policyOf = (namespace: string): ReturnType<typeof namespacePolicy>['policy'] => namespacePolicy(storage.get('namespaces', '', namespace)?.metadata.labels).policy;

  function judge({ definition, namespace, name, warn }: AdmissionRequest, subject: Subject, enforced: boolean): void {
    const policy = policyOf(namespace);
    const refused = enforced ? violationsOf(subject, policy.enforce) : [];
    if (refused.length > 0) throw forbidden(definition, name, `violates PodSecurity "${levelText(policy.enforce)}": ${detailsOf(refused)}`);
    const doubtful = violationsOf(subject, policy.warn);
    if (doubtful.length > 0) warn(`would violate PodSecurity "${levelText(policy.warn)}": ${detailsOf(doubtful)}`);
  }

  function judgeNamespace({ operation, name, object, previous, warn }: AdmissionRequest): void {
    const [now, before] = [namespacePolicy(object!.metadata.labels), namespacePolicy(previous?.metadata.labels)];
    if (now.errors.length > 0 && JSON.stringify(now.errors) !== JSON.stringify(before.errors)) throw invalid({ group: '', kind: 'Namespace' }, name, now.errors);
    const [level, old] = [now.policy.enforce, before.policy.enforce];
    if (operation === 'CREATE' || level.level === 'privileged' || levelText(level) === levelText(old) || (level.version === old.version && !stricter(level, old))) return;
    const told = doubtsAbout(storage.list('pods', name).slice(0, PODS_LOOKED_AT), level);
    if (told.length > 0) for (const text of [`existing pods in namespace "${name}" violate the new PodSecurity enforce level "${levelText(level)}"`, ...told]) warn(text);
  }

  return {
    validate(request) {
      const { definition, operation, subresource, object, previous } = request;
      if (!object || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
      const path = TEMPLATES[definition.storageResource];
      if (definition.storageResource === 'namespaces' && subresource === '') judgeNamespace(request);
      else if (definition.storageResource === 'pods' && !IGNORED.includes(subresource)) {
        const pod = object as unknown as Pod;
        if (operation === 'CREATE' || changesImages(pod.spec!, (previous as unknown as Pod).spec!)) judge(request, subjectOf(pod), true);
      } else if (path && subresource === '') {
        const template = path.reduce<unknown>((value, field) => (value as Record<string, unknown> | undefined)?.[field], object);
        if (template) judge(request, subjectOf(template as PodTemplateSpec), false);
      }
    },
  };
}

/** The same doubts about several pods are told once, with the first by name. */
function doubtsAbout(pods: readonly ApiObject[], level: LevelVersion): string[] {
  const byReasons = new Map<string, string[]>();
  for (const pod of pods) {
    const reasons = violationsOf(subjectOf(pod as unknown as Pod), level).map(({ reason }) => reason).join(', ');
    if (reasons) byReasons.set(reasons, [...(byReasons.get(reasons) ?? []), pod.metadata.name!]);
  }
  const others = (count: number): string => (count === 0 ? '' : ` (and ${count} other pod${count === 1 ? '' : 's'})`);
  return [...byReasons].map(([reasons, names]) => `${names.sort()[0]}${others(names.length - 1)}: ${reasons}`).sort();
}

/** Of what may change in a pod, only other images and more ephemeral containers matter. */
function changesImages(spec: PodSpec, before: PodSpec): boolean {
  const images = ({ containers, initContainers = [] }: PodSpec): string => JSON.stringify([containers, initContainers].map((list) => list.map(({ image }) => image)));
  const known = before.ephemeralContainers ?? [];
  return images(spec) !== images(before) || (spec.ephemeralContainers ?? []).some(({ name, image }) => !known.some((other) => other.name === name && other.image === image));
}
