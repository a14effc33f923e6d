import { Column, Field, Resource, ResourceKind, index, s } from 'karpenter-ts/operator';

export class MachineSpec {
  @Field(s.string().describe('MachineClass that says where and how it is launched.'))
  declare className: string;

  @Field(s.string().default('example').describe('Who provides it; those of others are left alone.'))
  declare provider: string;

  @Field(s.array(s.string()).default([]).describe('Keys of taints that somebody takes away from the node before it can be used.'))
  declare startupTaints: string[];
}

export class MachineStatus {
  @Field(s.string().optional().describe('What the cloud calls it.'))
  declare providerID?: string;

  @Field(s.string().optional().describe('Node that it joined as.'))
  declare nodeName?: string;

  @Field(s.record(s.quantity()).optional().describe('What the machine has.'))
  declare capacity?: Record<string, string | number>;
}

@ResourceKind({ group: 'machines.example.com', version: 'v1alpha1', kind: 'Machine', scope: 'Cluster', spec: () => MachineSpec, status: () => MachineStatus })
@Column({ name: 'Class', type: 'string', jsonPath: '.spec.className' })
@Column({ name: 'Node', type: 'string', jsonPath: '.status.nodeName' })
@Column({ name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' })
export class Machine extends Resource<MachineSpec, MachineStatus, 'Launched' | 'Registered' | 'Initialized' | 'InstanceTerminating'> {}

export const machinesByProviderID = index(Machine, 'providerID', (machine) => [machine.status.providerID]);
export const machinesByClass = index(Machine, 'class', (machine) => [machine.spec.className]);
