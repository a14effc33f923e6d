import { Field, Resource, ResourceKind, s } from 'karpenter-ts/operator';

export class MachineClassSpec {
  @Field(s.string().minLength(1).describe('Role that machines of the class have in the cloud.'))
  declare role: string;
}

export class MachineClassStatus {
  @Field(s.array(s.object({ id: s.string(), zone: s.string() })).optional())
  declare subnets?: { id: string; zone: string }[];

  @Field(s.string().optional())
  declare profile?: string;
}

@ResourceKind({ group: 'machines.example.com', version: 'v1alpha1', kind: 'MachineClass', scope: 'Cluster', spec: () => MachineClassSpec, status: () => MachineClassStatus })
export class MachineClass extends Resource<MachineClassSpec, MachineClassStatus, 'SubnetsReady' | 'ProfileReady' | 'ValidationSucceeded'> {}
