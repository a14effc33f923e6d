import type { ContainerModule } from 'inversify';
import { provide, reconcilers } from 'karpenter-ts/operator';
import { Cloud, Interruptions } from './cloud.js';
import { FakeCloud, FakeInterruptions } from './fake-cloud.js';
import { GarbageCollection } from './garbage-collection.js';
import { InterruptionHandler } from './interruption-handler.js';
import { MachineClassStatusReconciler } from './machine-class-status.js';
import { MachineLifecycle } from './machine-lifecycle.js';
import { Provisioner } from './provisioner.js';

/** What the operator is made of; the cloud is one in memory. */
export const modules: ContainerModule[] = [
  reconcilers(MachineLifecycle, MachineClassStatusReconciler, InterruptionHandler, GarbageCollection, Provisioner),
  provide(Cloud, new FakeCloud()),
  provide(Interruptions, new FakeInterruptions()),
];
