import { s } from '../../operator/dsl/schema.js';
import { resources } from './common.js';

const nameOf = (what: string) => s.string().minLength(1).describe(`Name of the ${what}, in the buffer's namespace.`);
const podTemplateRef = (description: string) => s.object({ name: nameOf('PodTemplate') }).optional().describe(description);
const strategy = s.string().describe('How the room is kept: "buffer.x-k8s.io/active-capacity", as nodes that are up.');

export const capacityBufferSpec = s.object({
  provisioningStrategy: strategy.default('buffer.x-k8s.io/active-capacity').optional(),
  podTemplateRef: podTemplateRef('The PodTemplate that says what one chunk of the buffer is. Excludes scalableRef.'),
  scalableRef: s.object({
    apiGroup: s.string().optional().describe('API group of the workload: "apps", or empty.'),
    kind: s.string().minLength(1).describe('Deployment, StatefulSet or ReplicaSet.'),
    name: nameOf('workload'),
  }).optional().describe('The workload of which one chunk of the buffer is one pod. Excludes podTemplateRef.'),
  replicas: s.int('int32').min(0).optional().describe('How many chunks there should be. With percentage, the larger number counts.'),
  percentage: s.int('int32').min(0).optional().describe("How many chunks there should be, as a percentage of the workload's replicas, rounded up; needs scalableRef."),
  limits: resources('What all chunks may request together. Without replicas and percentage, there are as many as that allows.').optional(),
})
  .validation('!has(self.podTemplateRef) || has(self.replicas) || has(self.limits)', 'If podTemplateRef is set, replicas or limits must also be set')
  .validation('!(has(self.podTemplateRef) && has(self.scalableRef))', 'You must define either PodTemplateRef or ScalableRef, but not both')
  .describe('For what, and for how much of it, room is kept free.');

export const capacityBufferStatus = s.object({
  podTemplateRef: podTemplateRef('The PodTemplate that was read; absent for workloads.'),
  podTemplateGeneration: s.int('int64').optional().describe('The generation of the PodTemplate that was read.'),
  replicas: s.int('int32').optional().describe('How many chunks the buffer has.'),
  provisioningStrategy: strategy.optional(),
  conditions: s.conditions(),
}).describe('What is known about the buffer.');
