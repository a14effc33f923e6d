import { inject } from 'inversify';
import { Condition, Deployment, Finalizer, Owns, Reconciler, Service, met, released, unmet, waiting } from 'karpenter-ts/operator';
import type { Outcome, Release, StepContext } from 'karpenter-ts/operator';
import { Names } from './names.js';
import { WebApp } from './web-app.js';

type Ctx = StepContext<WebApp>;

/** Runs a WebApp: a Deployment and a Service that it owns, and a name that is published while somebody serves it. */
@Reconciler({ for: WebApp, name: 'web-app' })
@Owns(Deployment)
@Owns(Service)
export class WebAppReconciler {
  constructor(@inject(Names) private readonly names: Names) {}

  /** What is owned is applied on every run: what others change of it comes back, and applying the same again changes nothing. */
  @Condition('Deployed')
  async deploy({ metadata: { name }, spec, status }: WebApp, ctx: Ctx): Promise<Outcome> {
    const labels = { 'app.kubernetes.io/name': name, 'app.kubernetes.io/managed-by': 'web-app' };
    await ctx.apply(Deployment, {
      metadata: { name, labels },
      spec: {
        replicas: spec.replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: spec.image, ports: [{ name: 'http', containerPort: spec.port }] }] } },
      },
    });
    await ctx.apply(Service, {
      metadata: { name, labels },
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
    });
    status.selector = Object.entries(labels).map((pair) => pair.join('=')).join(',');
    return met();
  }

  /** A change of the Deployment's status wakes its owner, so nobody polls. */
  @Condition('Available', { dependsOn: ['Deployed'] })
  available({ metadata: { name, namespace }, spec, status }: WebApp, ctx: Ctx): Outcome {
    const deployment = ctx.cache.get(Deployment, name, namespace);
    const { availableReplicas = 0, observedGeneration = 0, conditions = [] } = deployment?.status ?? {};
    status.availableReplicas = availableReplicas;
    const stuck = conditions.find(({ type, status: is }) => type === 'Progressing' && is === 'False');
    if (stuck) return unmet('RolloutFailed', stuck.message);
    if (observedGeneration < (deployment?.metadata.generation ?? 0)) return waiting('RollingOut', 'the Deployment has just been changed');
    if (availableReplicas < spec.replicas) return waiting('RollingOut', `${availableReplicas} of ${spec.replicas} replicas are available`);
    return met();
  }

  /** What is published stands in status: another host, or none, withdraws it. */
  @Condition('Published', { dependsOn: ['Available'] })
  async publish({ metadata: { name, namespace = 'default' }, spec, status }: WebApp, ctx: Ctx): Promise<Outcome> {
    if (status.host !== undefined && status.host !== spec.host) {
      await this.names.withdraw(status.host, ctx.signal);
      delete status.host;
    }
    if (spec.host === undefined) return met('NotAsked', 'spec.host is not set');
    await this.names.publish(spec.host, `${name}.${namespace}.svc`, ctx.signal);
    status.host = spec.host;
    return met();
  }

  /** The finalizer is on the object before any step runs, so no name is published that nobody would withdraw. */
  @Finalizer('apps.example.com/name')
  async withdraw({ spec, status }: WebApp, ctx: Ctx): Promise<Release> {
    // The name that status has, and the one that may have been published just before a crash.
    for (const host of new Set([status.host, spec.host])) if (host !== undefined) await this.names.withdraw(host, ctx.signal);
    return released();
  }
}
