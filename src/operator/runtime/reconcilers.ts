import { ContainerModule } from 'inversify';
import type { ReconcilerClass } from '../dsl/plan.js';
import { token } from '../dsl/token.js';
import type { ServiceToken } from '../dsl/token.js';
import { explaining } from './construct.js';

/** Under this token stand the classes that the operator runs; a module adds to them by {@link reconcilers}. */
export const ReconcilerToken = token<ReconcilerClass>('karpenter-ts.Reconciler');

/** A module that has the operator run these decorated classes, each constructed once by the container. */
export const reconcilers = (...classes: readonly ReconcilerClass[]): ContainerModule =>
  new ContainerModule(({ bind, isBound }) => {
    for (const type of classes) {
      const service = type as new () => object;
      if (!isBound(service)) explaining(type, () => bind(service).toSelf().inSingletonScope());
      bind(ReconcilerToken).toConstantValue(type);
    }
  });

/**
 * A module that binds a value under a token, whose type it has to have. Services that are to be constructed, with what they inject, take a
 * `ContainerModule` of Inversify's.
 */
export const provide = <T>(service: ServiceToken<T>, value: NoInfer<T>): ContainerModule =>
  new ContainerModule(({ bind }) => void bind<unknown>(service).toConstantValue(value));
