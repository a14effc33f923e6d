import type { ContainerModule } from 'inversify';
import { provide, reconcilers } from 'karpenter-ts/operator';
import { MemoryNames, Names } from './names.js';
import { WebAppReconciler } from './web-app-reconciler.js';

/** What the operator is made of. */
export const modules: ContainerModule[] = [
  reconcilers(WebAppReconciler),
  provide(Names, new MemoryNames()),
];
