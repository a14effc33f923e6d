import { Column, Field, Resource, ResourceKind, Validation, s } from 'karpenter-ts/operator';
import type { Duration } from 'karpenter-ts/operator';

export class CostReportSpec {
  @Field(s.string().pattern(/^[a-z0-9-]+$/).describe('NodePool to report on.'))
  declare nodePool: string;

  @Field(s.duration().default('1h').describe('How often the total is refreshed although nothing changed.'))
  declare refreshEvery: Duration;
}

export class CostReportStatus {
  @Field(s.number().min(0).optional().describe('USD an hour of all running NodeClaims.'))
  declare hourly?: number;

  @Field(s.record(s.number()).describe('USD an hour by instance type.'))
  declare byType: Record<string, number>;
}

@ResourceKind({
  group: 'finops.example.com', version: 'v1alpha1', kind: 'CostReport', scope: 'Cluster', shortNames: ['cost'],
  spec: () => CostReportSpec, status: () => CostReportStatus,
})
@Column({ name: 'Pool', jsonPath: '.spec.nodePool', type: 'string' })
@Column({ name: 'USD/h', jsonPath: '.status.hourly', type: 'number' })
@Validation('self.spec.nodePool == oldSelf.spec.nodePool', 'nodePool is immutable')
export class CostReport extends Resource<CostReportSpec, CostReportStatus, 'PricesKnown'> {}
