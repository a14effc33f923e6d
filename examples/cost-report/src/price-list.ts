import { token } from 'karpenter-ts/operator';

/** What machines cost. */
export interface PriceList {
  /** Undefined when the price is not known. */
  usdPerHour(instanceType: string): number | undefined;
}

export const PriceList = token<PriceList>('cost-report.PriceList');
