import { ContainerModule } from 'inversify';
import { reconcilers } from 'karpenter-ts/operator';
import { MemoryNames, Names } from './names.js';
import { WebAppReconciler } from './web-app-reconciler.js';

/** What the operator is made of. */
export const modules: ContainerModule[] = [
  reconcilers(WebAppReconciler),
  new ContainerModule(({ bind }) => {
    bind<Names>(Names).toConstantValue(new MemoryNames());
  }),
];
