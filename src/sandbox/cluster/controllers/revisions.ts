import type { PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import type { KubeObject } from '../../../operator/kube/object.js';
import type { ControllerRevision } from '../model/kinds.js';
import { controllerReference } from '../model/pods.js';
import type { ComponentContext } from '../shell/component.js';
import { BY_OWNER } from '../shell/informers.js';
import { sameTemplate, templateHash } from './pod-template.js';

/** The pod templates that a StatefulSet or DaemonSet has had, kept as ControllerRevisions. */
export class Revisions {
  constructor(private readonly ctx: Pick<ComponentContext, 'informers' | 'writer'>) {}

  list(owner: KubeObject): readonly ControllerRevision[] {
    return this.ctx.informers.controllerRevisions.find(BY_OWNER, owner.metadata.uid);
  }

  /** The revision of a template: made, or made the newest again after a roll-back. */
  async ensure(owner: KubeObject, template: PodTemplateSpec, labels: Record<string, string>): Promise<ControllerRevision> {
    const { informers, writer } = this.ctx;
    const known = this.list(owner);
    const newest = Math.max(0, ...known.map(({ revision }) => revision));
    const same = known.find(({ data }) => sameTemplate(data.spec.template, template));
    if (same?.revision === newest) return same;
    if (same) return writer.patch(informers.controllerRevisions, same, { revision: newest + 1 });
    const hash = templateHash(template);
    return writer.create(informers.controllerRevisions, {
      metadata: {
        name: `${owner.metadata.name}-${hash}`, namespace: owner.metadata.namespace,
        labels: { ...labels, 'controller.kubernetes.io/hash': hash }, ownerReferences: [controllerReference(owner)],
      },
      data: { spec: { template } },
      revision: newest + 1,
    });
  }

  /** Forgets the oldest revisions that nothing uses, beyond the limit. */
  async prune(owner: KubeObject, inUse: ReadonlySet<string>, limit: number): Promise<void> {
    const retired = this.list(owner).filter(({ metadata }) => !inUse.has(metadata.name)).sort((a, b) => a.revision - b.revision);
    for (const revision of retired.slice(0, Math.max(0, retired.length - limit))) await this.ctx.writer.delete(this.ctx.informers.controllerRevisions, revision);
  }
}
