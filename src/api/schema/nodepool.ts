import { s } from '../../operator/dsl/schema.js';
import { NODEPOOL_LABEL } from '../labels.js';
import type { Budget } from '../nodepool.js';
import { DURATION_OR_NEVER, KEY_RULES, LABEL_VALUE, expireAfter, poolNodeClassRef, requirements, resources, terminationGracePeriod } from './common.js';
import { claimTaints } from './nodeclaim.js';

export function templateLabels() {
  let labels = s.record(s.string().maxLength(63).pattern(LABEL_VALUE)).maxProperties(100).mapType('atomic');
  for (const { rule, message } of KEY_RULES('x')) labels = labels.validation(`self.all(x, ${rule})`, message);
  return labels.validation(`self.all(x, x != "${NODEPOOL_LABEL}")`, `label "${NODEPOOL_LABEL}" is restricted`).optional().describe('Labels of the nodes.');
}

export const templateMetadata = s.object({
  labels: templateLabels(),
  annotations: s.record(s.string()).optional().describe('Annotations of the nodes.'),
}).optional().describe('Metadata of the nodes.');

export const limits = resources('How much all nodes of the pool may have together, by resource; "nodes" counts them.').optional();
export const weight = s.int('int32').min(1).max(100).optional().describe('Pools with a higher weight are tried first; unset is the lowest.');

/** `withReasons`: v1 can limit a budget to reasons, v1beta1 could not. */
export const budgets = (withReasons: boolean) => s.array<Budget>(s.object({
  ...(withReasons ? { reasons: s.array(s.enum('Underutilized', 'Empty', 'Drifted')).maxItems(50).listType('set').optional().describe('For which reasons of disruption the budget counts; all unless given.') } : {}),
  nodes: s.string().pattern('^((100|[0-9]{1,2})%|[0-9]+)$').default('10%').required().describe('How many nodes may be disrupted at once: a number, or a percentage of the pool rounded up.'),
  schedule: s.string().pattern('^(@(annually|yearly|monthly|weekly|daily|midnight|hourly))|((.+)\\s(.+)\\s(.+)\\s(.+)\\s(.+))$').optional().describe('When the budget starts to count, as a cron line in UTC.'),
  duration: s.string().pattern('^((([0-9]+(h|m))|([0-9]+h[0-9]+m))(0s)?)$').optional().describe('How long it counts from each start.'),
})).maxItems(50).listType('atomic').default([{ nodes: '10%' }]).optional()
  .validation("self.all(x, has(x.schedule) == has(x.duration))", "'schedule' must be set with 'duration'")
  .describe('How many nodes may be disrupted at once. Of several that count now, the strictest holds.');

const disruption = s.object({
  consolidateAfter: s.string().pattern(DURATION_OR_NEVER).default('0s').optional().required().describe('How long a node must have seen no pod come or go before it may be consolidated: a duration, or "Never".'),
  consolidationPolicy: s.enum('WhenEmpty', 'WhenEmptyOrUnderutilized', 'Balanced').default('WhenEmptyOrUnderutilized').optional().describe('Which nodes may be consolidated.'),
  budgets: budgets(true),
}).default({ consolidateAfter: '0s' }).optional().describe('When nodes may be taken away or replaced.');

export const nodePoolSpec = s.object({
  template: s.object({
    metadata: templateMetadata,
    spec: s.object({
      ...claimTaints,
      requirements: requirements({ nodePoolKey: 'forbidden' }),
      nodeClassRef: poolNodeClassRef,
      terminationGracePeriod,
      expireAfter,
    }).describe('What the nodes are.'),
  }).describe('What every NodeClaim of the pool starts from.'),
  disruption,
  limits,
  weight,
  replicas: s.int('int64').min(0).optional().describe('Keeps exactly this many nodes, whatever pods ask for (alpha, gate StaticCapacity).'),
})
  .validation('has(self.replicas) == has(oldSelf.replicas)', 'Cannot transition NodePool between static (replicas set) and dynamic (replicas unset) provisioning modes')
  .validation("!has(self.replicas) || (!has(self.limits) || size(self.limits) == 0 || (size(self.limits) == 1 && 'nodes' in self.limits))", "only 'limits.nodes' is supported on static NodePools")
  .validation('!has(self.replicas) || !has(self.weight)', "'weight' is not supported on static NodePools")
  .describe('What kind of nodes, how many, and when they may go.');

export const nodePoolStatus = s.object({
  resources: resources('What all nodes of the pool have together.').optional(),
  nodes: s.int('int64').default(0).optional().describe('How many nodes the pool has.'),
  nodeClassObservedGeneration: s.int('int64').optional().describe("The node class's generation that registration health was computed for."),
  conditions: s.conditions(),
}).describe('What is known about the pool.');
