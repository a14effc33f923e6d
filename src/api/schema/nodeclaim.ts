import { s } from '../../operator/dsl/schema.js';
import { expireAfter, nodeClassRef, requirements, resources, taints, terminationGracePeriod } from './common.js';

export const claimTaints = {
  taints: taints('Taints of the node for as long as it lives.'),
  startupTaints: taints('Taints that something else removes once it has prepared the node; pods need not tolerate them to be planned for it.'),
};

export const requests = s.object({ requests: resources('Amounts by resource.').optional() }).optional().describe('What the pods that the claim was made for need at least.');

export const nodeClaimSpec = s.object({
  ...claimTaints,
  requirements: requirements({ nodePoolKey: 'allowed' }),
  resources: requests,
  nodeClassRef,
  terminationGracePeriod,
  expireAfter,
}).validation('self == oldSelf', 'spec is immutable').describe('What is asked for. Immutable.');

export const nodeClaimStatus = s.object({
  nodeName: s.string().optional().describe('Name of the Node that the machine became.'),
  providerID: s.string().optional().describe("The machine's identity at the cloud provider."),
  imageID: s.string().optional().describe('The image that it runs.'),
  capacity: resources('What the machine has.').optional(),
  allocatable: resources('What of it pods can use.').optional(),
  lastPodEventTime: s.time().optional().describe('When pods last came to the node or left it.'),
  conditions: s.conditions({ relaxed: true }),
}).describe('What became of it.');
