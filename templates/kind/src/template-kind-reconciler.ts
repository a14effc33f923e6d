import { Condition, ConfigMap, Owns, Reconciler, met } from 'karpenter-ts/operator';
import type { Outcome, StepContext } from 'karpenter-ts/operator';
import { TemplateKind } from './template-kind.js';

/** Gives every TemplateKind a ConfigMap with its message, and keeps it so: whoever changes the ConfigMap wakes its owner. */
@Reconciler({ for: TemplateKind, name: 'template-kind' })
@Owns(ConfigMap)
export class TemplateKindReconciler {
  /** The outcome becomes the condition Published. Its object is a draft: what is assigned to status is written when all steps are done. */
  @Condition('Published')
  async publish(templateKind: TemplateKind, ctx: StepContext<TemplateKind>): Promise<Outcome> {
    const { name, namespace = 'default' } = templateKind.metadata;
    const { metadata } = await ctx.apply(ConfigMap, { metadata: { name: `template-kind-${name}`, namespace }, data: { message: templateKind.spec.message } });
    templateKind.status.configMap = metadata.name;
    return met();
  }
}
