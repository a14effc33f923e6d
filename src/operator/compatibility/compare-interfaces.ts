import { nearest } from '../dsl/problem.js';
import type { Findings } from './incompatibility.js';
import type { ConditionSurface, MetricSurface, OperatorInterface } from './surface.js';

/** What stands in the place of a name that is gone: nothing, or a new name that is much like it. */
const renamed = (name: string, before: readonly string[], after: readonly string[]): string | undefined => {
  const now = nearest(name, after.filter((other) => !before.includes(other)));
  return now === undefined ? undefined : `renamed to ${now}?`;
};

export function compareInterfaces(before: readonly OperatorInterface[], after: readonly OperatorInterface[], findings: Findings): void {
  const [is, now] = [before, after].map((interfaces) => ({ conditions: interfaces.flatMap(({ conditions }) => conditions), metrics: interfaces.flatMap(({ metrics }) => metrics) }));
  compareConditions(is?.conditions ?? [], now?.conditions ?? [], findings.at('conditions/'));
  compareMetrics(is?.metrics ?? [], now?.metrics ?? [], findings.at('metrics/'));
}

function compareConditions(before: readonly ConditionSurface[], after: readonly ConditionSurface[], findings: Findings): void {
  const typesOf = (conditions: readonly ConditionSurface[], kind: string): string[] => conditions.filter(({ of }) => of === kind).map(({ type }) => type);
  for (const { of, type, reasons } of before) {
    const now = after.find((condition) => condition.of === of && condition.type === type);
    if (!now) {
      findings.report('condition-removed', `${of}/${type}`, { before: type, after: renamed(type, typesOf(before, of), typesOf(after, of)), accepted: 'the condition, beside a new one, for a release' });
      continue;
    }
    for (const reason of reasons) {
      if (!now.reasons.includes(reason)) findings.report('reason-removed', `${of}/${type}/${reason}`, { before: reason, after: renamed(reason, reasons, now.reasons), accepted: `the reason ${reason} for the same case` });
    }
  }
}

function compareMetrics(before: readonly MetricSurface[], after: readonly MetricSurface[], findings: Findings): void {
  const names = (metrics: readonly MetricSurface[]): string[] => metrics.map(({ name }) => name);
  for (const { name, type, labels } of before) {
    const now = after.find((metric) => metric.name === name);
    if (!now) {
      findings.report('metric-removed', name, { before: type, after: renamed(name, names(before), names(after)), accepted: 'the metric, beside a new one, for a release' });
      continue;
    }
    if (now.type !== type) findings.report('metric-changed', name, { before: type, after: now.type, accepted: `type ${type}; another name for another type` });
    for (const label of labels) if (!now.labels.includes(label)) findings.report('metric-changed', `${name}/${label}`, { before: label, after: renamed(label, labels, now.labels), accepted: `the label ${label}` });
  }
}
