import { RBAC, Reconciler, Step, done } from 'karpenter-ts/operator';
import type { Outcome } from 'karpenter-ts/operator';
import { TemplateTarget } from './template-target.js';

/** Marks what it has seen: put your own work in the place of it. */
@Reconciler({ for: TemplateTarget, name: 'template-reconciler', root: false })
@RBAC({ groups: ['template.example.com'], resources: ['templatetargets'], verbs: ['patch'], why: 'writes an annotation' })
export class TemplateReconciler {
  /** The object is a draft: its difference is written when all steps are done, and nothing is written when there is none. */
  @Step()
  mark(object: TemplateTarget): Outcome {
    object.metadata.annotations['template-operator/seen-by'] = 'template-reconciler';
    return done();
  }
}
