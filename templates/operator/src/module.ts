import type { ContainerModule } from 'inversify';
import { reconcilers } from 'karpenter-ts/operator';
// karpenter-ts new: imports

/** What the operator is made of: reconcilers, and modules that bind the services that they inject. */
export const modules: ContainerModule[] = [
  reconcilers(
    // karpenter-ts new: classes
  ),
];
