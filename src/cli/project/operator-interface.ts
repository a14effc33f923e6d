import { Document, isScalar, visit } from 'yaml';
import { conditionsOfPlan } from '../../operator/index.js';
import type { MetricSurface, OperatorInterface, Plan } from '../../operator/index.js';

/** What dashboards, alerts and scripts may read of an operator, as a document: the next version is held against it. */
export const operatorInterface = (name: string, plan: Plan, metrics: readonly MetricSurface[]): OperatorInterface =>
  ({ apiVersion: 'karpenter-ts/v1', kind: 'OperatorInterface', metadata: { name }, conditions: conditionsOfPlan(plan), metrics });

/** With what would be a line for every label and reason in one. */
export function interfaceText(described: OperatorInterface): string {
  const document = new Document(described);
  visit(document, { Seq: (_key, list) => { if (list.items.every((item) => isScalar(item))) list.flow = true; } });
  return `# Written by "karpenter-ts manifests" out of the code: the names that others read. "karpenter-ts manifests --against REF" fails when one is gone.\n${document.toString({ lineWidth: 0, flowCollectionPadding: false })}`;
}
