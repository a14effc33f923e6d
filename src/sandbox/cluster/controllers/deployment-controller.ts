import { isAlreadyExists } from '../../../operator/kube/errors.js';
import { keyOfObject } from '../../../operator/kube/object.js';
import type { Deployment, ReplicaSet } from '../model/kinds.js';
import { controllerOf, controllerReference } from '../model/pods.js';
import { selects } from '../model/selectors.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import { BY_NAMESPACE, BY_OWNER } from '../shell/informers.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';
import { claim } from './claim.js';
import { deploymentStatus, planDeployment, REVISION_ANNOTATION } from './deployment-plan.js';
import type { DeploymentPlan } from './deployment-plan.js';

const NAME = 'deployment-controller';

/** Rolls Deployments out, scales them and keeps their history. */
export class DeploymentController implements Component {
  readonly #worker: KeyedWorker;

  constructor(private readonly ctx: ComponentContext) {
    this.#worker = workerOf(ctx, NAME, (key) => this.#sync(key));
  }

  start(): void {
    const { deployments, replicaSets, pods } = this.ctx.informers;
    deployments.on(({ object }) => this.#worker.enqueue(keyOfObject(object)));
    for (const deployment of deployments.list()) this.#worker.enqueue(keyOfObject(deployment));
    replicaSets.on(({ object }) => this.#enqueueOwner(object));
    // Recreate waits for old pods to be gone, which no ReplicaSet tells.
    pods.on(({ type, object }) => {
      if (type !== 'deleted') return;
      const owner = controllerOf(object);
      const replicaSet = owner?.kind === 'ReplicaSet' ? replicaSets.get(`${object.metadata.namespace}/${owner.name}`) : undefined;
      if (replicaSet) this.#enqueueOwner(replicaSet);
    });
  }

  stop(): void {
    this.#worker.stop();
  }

  #enqueueOwner(replicaSet: ReplicaSet): void {
    const { metadata } = replicaSet;
    const owner = controllerOf(replicaSet);
    if (owner?.kind === 'Deployment') this.#worker.enqueue(`${metadata.namespace}/${owner.name}`);
    else if (!owner) for (const deployment of this.ctx.informers.deployments.find(BY_NAMESPACE, metadata.namespace)) if (selects(deployment.spec.selector, metadata.labels)) this.#worker.enqueue(keyOfObject(deployment));
  }

  async #sync(key: string): Promise<number | undefined> {
    const { informers, writer, clock } = this.ctx;
    const deployment = informers.deployments.get(key);
    if (!deployment) return undefined;
    if (!deployment.metadata.deletionTimestamp) await claim(writer, informers.replicaSets, deployment, ({ metadata }) => selects(deployment.spec.selector, metadata.labels));
    const owned = (): readonly ReplicaSet[] => informers.replicaSets.find(BY_OWNER, deployment.metadata.uid);
    const pods = deployment.spec.strategy?.type === 'Recreate' ? owned().flatMap(({ metadata }) => informers.pods.find(BY_OWNER, metadata.uid)) : [];
    await this.#apply(deployment, planDeployment(deployment, owned(), pods));
    const current = informers.deployments.get(key);
    if (current?.metadata.uid !== deployment.metadata.uid) return undefined;
    const { status, nextCheck } = deploymentStatus(current, owned(), clock.now());
    await writer.patchStatus(informers.deployments, current, status);
    return nextCheck === undefined ? undefined : Math.max(0, nextCheck - clock.now());
  }

  async #apply(deployment: Deployment, { create, revise, resize, forget, annotations }: DeploymentPlan): Promise<void> {
    const { informers, writer, events } = this.ctx;
    const scaled = (direction: string, name: string, from: number, to: number): void =>
      events.record(NAME, deployment, 'Normal', 'ScalingReplicaSet', `Scaled ${direction} replica set ${name} from ${from} to ${to}`);
    if (create) {
      const name = `${deployment.metadata.name}-${create.hash}`;
      if (!(await this.#create(deployment, name, create, annotations))) return;
      if (create.replicas > 0) scaled('up', name, 0, create.replicas);
    }
    if (revise) await writer.patch(informers.replicaSets, revise.replicaSet, { metadata: { annotations: { [REVISION_ANNOTATION]: revise.revision } } });
    const revision = create?.revision ?? revise?.revision;
    if (revision !== undefined && deployment.metadata.annotations[REVISION_ANNOTATION] !== revision) {
      await writer.patch(informers.deployments, deployment, { metadata: { annotations: { [REVISION_ANNOTATION]: revision } } });
    }
    for (const { replicaSet, from, to } of resize) {
      await writer.patch(informers.replicaSets, replicaSet, { metadata: { annotations }, spec: { replicas: to } });
      scaled(to > from ? 'up' : 'down', replicaSet.metadata.name, from, to);
    }
    for (const replicaSet of forget) await writer.delete(informers.replicaSets, replicaSet);
  }

  /** False when another template has the same hash: the next run takes the next one. */
  async #create(deployment: Deployment, name: string, { hash, replicas, revision }: NonNullable<DeploymentPlan['create']>, annotations: Record<string, string>): Promise<boolean> {
    const { informers, writer } = this.ctx;
    const { template, selector, minReadySeconds } = deployment.spec;
    const labels = { ...template.metadata?.labels, 'pod-template-hash': hash };
    const { 'kubectl.kubernetes.io/last-applied-configuration': _applied, [REVISION_ANNOTATION]: _revision, ...inherited } = deployment.metadata.annotations;
    try {
      await writer.create(informers.replicaSets, {
        metadata: {
          name, namespace: deployment.metadata.namespace, labels,
          annotations: { ...inherited, ...annotations, [REVISION_ANNOTATION]: revision },
          ownerReferences: [controllerReference(deployment)],
        },
        spec: {
          replicas, minReadySeconds: minReadySeconds ?? 0,
          selector: { ...selector, matchLabels: { ...selector.matchLabels, 'pod-template-hash': hash } },
          template: { ...template, metadata: { ...template.metadata, labels } },
        },
      });
      return true;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const existing = informers.replicaSets.get(`${deployment.metadata.namespace}/${name}`);
      if (!existing || controllerOf(existing)?.uid !== deployment.metadata.uid) {
        await writer.patchStatus(informers.deployments, deployment, { collisionCount: (deployment.status.collisionCount ?? 0) + 1 });
      }
      return false;
    }
  }
}
