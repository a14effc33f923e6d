/** What the container binds for AWS. Everything but the first group is bound by `awsModule`. */
export const TOKENS = {
  /** To bind beside the module: the store of node classes. */
  NodeClassLookup: Symbol.for('karpenter.aws.NodeClassLookup'),
  /** To bind beside the module: what only the Kubernetes API knows. */
  KubernetesFacts: Symbol.for('karpenter.aws.KubernetesFacts'),

  /** All services at once. */
  Services: Symbol.for('karpenter.aws.Services'),
  Settings: Symbol.for('karpenter.aws.Settings'),
  Clients: Symbol.for('karpenter.aws.Clients'),
  Cluster: Symbol.for('karpenter.aws.Cluster'),
  Version: Symbol.for('karpenter.aws.VersionProvider'),
  Subnets: Symbol.for('karpenter.aws.SubnetProvider'),
  SecurityGroups: Symbol.for('karpenter.aws.SecurityGroupProvider'),
  Ssm: Symbol.for('karpenter.aws.SsmProvider'),
  Amis: Symbol.for('karpenter.aws.AmiProvider'),
  InstanceProfiles: Symbol.for('karpenter.aws.InstanceProfileProvider'),
  LaunchTemplates: Symbol.for('karpenter.aws.LaunchTemplateProvider'),
  Pricing: Symbol.for('karpenter.aws.PricingProvider'),
  InstanceTypes: Symbol.for('karpenter.aws.InstanceTypeProvider'),
  UnavailableOfferings: Symbol.for('karpenter.aws.UnavailableOfferings'),
  CapacityReservations: Symbol.for('karpenter.aws.CapacityReservationProvider'),
  PlacementGroups: Symbol.for('karpenter.aws.PlacementGroupProvider'),
  Launcher: Symbol.for('karpenter.aws.InstanceLauncher'),
  Instances: Symbol.for('karpenter.aws.InstanceProvider'),
  Validation: Symbol.for('karpenter.aws.ValidationProvider'),
  InterruptionQueue: Symbol.for('karpenter.aws.InterruptionQueue'),
  InstanceStatus: Symbol.for('karpenter.aws.InstanceStatusProvider'),
  ZonalShifts: Symbol.for('karpenter.aws.ZonalShiftProvider'),
} as const;
