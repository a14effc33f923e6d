import type { LabelSelector } from 'kubernetes-types/meta/v1.js';

export type Labels = Readonly<Record<string, string>>;

/**
 * A label selector, by Kubernetes' rules: an absent one selects nothing, an empty one everything.
 * `name` is equal for selectors that select the same by the same expressions.
 */
export class Selector {
  private constructor(
    readonly name: string,
    /** Label keys that decide. */
    readonly keys: readonly string[],
    private readonly expressions: readonly { key: string; operator: string; values: readonly string[] }[] | undefined,
  ) {}

  static of(selector: LabelSelector | undefined): Selector {
    return Selector.ofExpressions(selector && [
      ...Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, operator: 'In', values: [value] })),
      ...(selector.matchExpressions ?? []).map(({ key, operator, values }) => ({ key, operator, values: [...(values ?? [])].sort() })),
    ]);
  }

  private static ofExpressions(expressions: Selector['expressions']): Selector {
    if (expressions === undefined) return new Selector('nothing', [], undefined);
    const names = new Set(expressions.map((expression) => JSON.stringify(expression)));
    return new Selector([...names].sort().join(' '), expressions.map(({ key }) => key), expressions);
  }

  /** Selects what all of the selectors select. At least one. */
  static every(selectors: readonly Selector[]): Selector {
    const expressions = selectors.every((selector) => selector.expressions) ? selectors.flatMap((selector) => selector.expressions ?? []) : undefined;
    return Selector.ofExpressions(expressions);
  }

  /** A label that everything selected has, as `key=value`; undefined when no single one is required. */
  get anchor(): string | undefined {
    const required = this.expressions?.find(({ operator, values }) => operator === 'In' && values.length === 1);
    return required && `${required.key}=${required.values[0]}`;
  }

  matches(labels: Labels): boolean {
    if (this.expressions === undefined) return false;
    return this.expressions.every(({ key, operator, values }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        default:
          return value === undefined;
      }
    });
  }
}
