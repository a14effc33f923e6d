import { inject } from 'inversify';
import { NodePool, formatResources, parseResources } from 'karpenter-ts/api';
import type { ExplanationNote, KubeObject, ObjectExplainer } from 'karpenter-ts/operator';
import { DisruptionVerdicts } from '../disruption/disruption-verdicts.js';

/** How much of its limits a pool has used, and what its budgets forbid. */
export class NodePoolExplainer implements ObjectExplainer {
  readonly kinds = [NodePool];

  constructor(@inject(DisruptionVerdicts) private readonly verdicts: DisruptionVerdicts) {}

  explain(object: KubeObject): ExplanationNote[] {
    const { spec, status, metadata: { uid } } = object as NodePool;
    const limits = parseResources(spec.limits);
    const used = parseResources(status.resources as Record<string, string> | undefined);
    const text = (name: string, amount: number): string => formatResources({ [name]: amount })[name] ?? '0';
    const lines = Object.entries(limits).map(([name, limit]) => `${name}: ${text(name, used[name] ?? 0)} of ${text(name, limit)}`);
    const reached = Object.entries(limits).filter(([name, limit]) => (used[name] ?? 0) >= limit).map(([name]) => name);
    const verdicts = this.verdicts.of(uid);
    return [
      ...(lines.length > 0 ? [{ topic: 'Limits', ...(reached.length > 0 ? { finding: `its limits of ${reached.join(' and ')} are reached: it launches nothing more` } : {}), lines }] : []),
      ...(verdicts.length > 0 ? [{ topic: 'Disruption', lines: verdicts.map(({ type, message }) => `${type}: ${message}`) }] : []),
    ];
  }
}
