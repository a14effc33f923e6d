import type { PersistentVolumeClaim, PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import type { KubeObject } from '../../operator/kube/object.js';
import { INDEX_ANNOTATION } from '../../sandbox/cluster/controllers/job-plan.js';
import { podFromTemplate, templateHash } from '../../sandbox/cluster/controllers/pod-template.js';
import { missingClaims, statefulPod } from '../../sandbox/cluster/controllers/stateful-set-plan.js';
import { controllerOf, controllerReference } from '../../sandbox/cluster/model/pods.js';
import type { Deployment, Job, Pod, ReplicaSet, StatefulSet } from '../../sandbox/cluster/model/kinds.js';
import type { InputObject } from './object-reader.js';
import { ObjectStore } from './object-store.js';

/** Storage classes that claims name and nobody defines: EBS volumes, made where their first consumer goes. */
const BOUND_ON_USE = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'ebs.csi.aws.com', volumeBindingMode: 'WaitForFirstConsumer' };
const DEFAULT_CLASS = 'gp3';
const POD_TEMPLATE_HASH = 'pod-template-hash';

type Owner = KubeObject & { spec: { replicas?: number; template: PodTemplateSpec } };

/**
 * Adds what the controllers of a cluster would make of workloads: the pods of Deployments, ReplicaSets, ReplicationControllers,
 * StatefulSets and Jobs that are not there yet, with their claims. Pods are numbered where a cluster would give them random names.
 */
export function withWorkloadPods(given: readonly InputObject[]): InputObject[] {
  const objects = new ObjectStore(given);
  const pods = new Map<string, number>();
  const ownerKey = (kind: string, namespace: string | undefined, name: string): string => `${kind} ${namespace}/${name}`;
  for (const pod of objects.all<Pod>('/Pod').values()) {
    const owner = pod.metadata.ownerReferences && controllerOf(pod);
    if (owner === undefined || ['Succeeded', 'Failed'].includes(pod.status?.phase ?? '')) continue;
    const key = ownerKey(owner.kind, pod.metadata.namespace, owner.name);
    pods.set(key, (pods.get(key) ?? 0) + 1);
  }
  const made: object[] = [];
  const create = (template: PodTemplateSpec, owner: KubeObject, name: string): void => {
    made.push({ apiVersion: 'v1', kind: 'Pod', ...podFromTemplate(template, owner, { name }) });
  };
  const missing = (owner: KubeObject, wanted: number): number => Math.max(0, wanted - (pods.get(ownerKey(owner.kind, owner.metadata.namespace, owner.metadata.name)) ?? 0));
  const replicate = (owner: Owner): void => {
    const count = missing(owner, owner.spec.replicas ?? 1);
    const { metadata, ...rest } = podFromTemplate(owner.spec.template, owner, { name: '' });
    for (let index = 1; index <= count; index += 1) made.push({ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: `${owner.metadata.name}-${index}` }, ...rest });
  };

  const replicaSets = identified(objects.list<ReplicaSet>('apps/ReplicaSet'));
  replicaSets.filter(({ spec }) => spec.template !== undefined).forEach((each) => replicate(each as Owner));
  identified(objects.list<Owner>('/ReplicationController')).forEach(replicate);
  for (const deployment of identified(objects.list<Deployment>('apps/Deployment'))) {
    const hasOwn = replicaSets.some((each) => each.metadata.ownerReferences !== undefined && controllerOf(each)?.name === deployment.metadata.name && each.metadata.namespace === deployment.metadata.namespace);
    if (hasOwn) continue;
    const replicaSet = replicaSetOf(deployment);
    made.push(replicaSet);
    replicate(replicaSet as Owner);
  }
  const claims = objects.all<PersistentVolumeClaim>('/PersistentVolumeClaim');
  for (const set of identified(objects.list<StatefulSet>('apps/StatefulSet'))) {
    const first = (set.spec as { ordinals?: { start?: number } }).ordinals?.start ?? 0;
    for (let ordinal = first; ordinal < first + (set.spec.replicas ?? 1); ordinal += 1) {
      const name = `${set.metadata.name}-${ordinal}`;
      if (objects.all('/Pod').has(`${set.metadata.namespace}/${name}`)) continue;
      for (const claim of missingClaims(set, ordinal, (each) => claims.has(`${set.metadata.namespace}/${each}`))) made.push({ ...claim, apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
      create(statefulPod(set, set.spec.template, ordinal, templateHash(set.spec.template)), set, name);
    }
  }
  for (const job of identified(objects.list<Job>('batch/Job'))) {
    const { parallelism = 1, completions, suspend, template, completionMode } = job.spec;
    const count = suspend || job.status?.completionTime ? 0 : missing(job, completions === undefined ? parallelism : Math.min(parallelism, completions));
    for (let index = 0; index < count; index += 1) {
      const labels = { ...template.metadata?.labels, 'batch.kubernetes.io/job-name': job.metadata.name, 'job-name': job.metadata.name, ...(completionMode === 'Indexed' ? { [INDEX_ANNOTATION]: String(index) } : {}) };
      create({ ...template, metadata: { ...template.metadata, labels } }, job, `${job.metadata.name}-${completionMode === 'Indexed' ? index : index + 1}`);
    }
  }
  const all = [...given, ...made as InputObject[]];
  return [...all.map(withStorageClass), ...missingClasses(all)];
}

/** With uids, by which pods refer to their controllers. */
const identified = <T extends KubeObject>(owners: readonly T[]): T[] => owners.map((owner) => ({
  ...owner, metadata: { ...owner.metadata, uid: owner.metadata.uid ?? `${owner.kind}/${owner.metadata.namespace}/${owner.metadata.name}` },
}));

function replicaSetOf(deployment: Deployment): KubeObject {
  const { selector, template, replicas = 1 } = deployment.spec;
  const hash = templateHash(template);
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH]: hash };
  const name = `${deployment.metadata.name}-${hash}`;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, namespace: deployment.metadata.namespace, uid: `ReplicaSet/${deployment.metadata.namespace}/${name}`, labels, ownerReferences: [controllerReference(deployment)] },
    spec: {
      replicas,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [POD_TEMPLATE_HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  } as unknown as KubeObject;
}

/** A claim that names no class gets the default one. */
function withStorageClass(object: InputObject): InputObject {
  if (object.kind !== 'PersistentVolumeClaim' || object.spec?.['storageClassName'] !== undefined || object.spec?.['volumeName'] !== undefined) return object;
  return { ...object, spec: { ...object.spec, storageClassName: DEFAULT_CLASS } };
}

function missingClasses(objects: readonly InputObject[]): InputObject[] {
  const known = new Set(objects.filter(({ kind }) => kind === 'StorageClass').map(({ metadata }) => metadata.name));
  const named = new Set(objects.filter(({ kind }) => kind === 'PersistentVolumeClaim').map((claim) => (withStorageClass(claim).spec?.['storageClassName'] ?? '') as string));
  return [...named].filter((name) => name !== '' && !known.has(name)).map((name) => ({ ...BOUND_ON_USE, metadata: { name } }));
}
