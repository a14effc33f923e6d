import type { ContainerModule } from 'inversify';
import { provide, reconcilers } from 'karpenter-ts/operator';
import { CostReporter } from './cost-reporter.js';
import { PriceList } from './price-list.js';

const PRICES: Readonly<Record<string, number>> = { 'm5.large': 0.096, 'c5.large': 0.085, 'r5.large': 0.126, 't3.medium': 0.0416 };

/** What a host operator loads: `operator.use(...modules)`. */
export const modules: ContainerModule[] = [
  reconcilers(CostReporter),
  provide(PriceList, { usdPerHour: (instanceType) => PRICES[instanceType] }),
];
