/** Kubernetes' operators and Karpenter's Gte and Lte. */
export type RequirementOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt' | 'Gte' | 'Lte';

/** A requirement on a node label as it stands in a manifest. */
export interface Requirement {
  key: string;
  operator: RequirementOperator;
  values?: readonly string[];
  /** At least this many different values must stay possible (NodePool only). */
  minValues?: number;
}
