import { s } from '../../operator/dsl/schema.js';
import type { Schema } from '../../operator/dsl/schema.js';
import { AWS_GROUP, AWS_INSTANCE_LABELS, CAPACITY_TYPE_LABEL, HOSTNAME_LABEL, NODECLASS_LABEL, NODEPOOL_LABEL } from '../labels.js';
import type { Requirement } from '../requirement.js';
import type { ResourceList } from '../resources.js';
import type { Taint } from '../taints.js';

/** Go durations of whole seconds, minutes and hours, as upstream's CRDs take them. */
export const WHOLE_DURATION = '^([0-9]+(s|m|h))+$';
export const DURATION_OR_NEVER = '^(([0-9]+(s|m|h))+|Never)$';
const QUALIFIED_NAME = '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(\\/))?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$';
export const LABEL_VALUE = '^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$';

/** A CEL list of strings. */
const list = (...items: readonly string[]): string => `[${items.map((item) => `"${item}"`).join(', ')}]`;
const OUTSIDE = (variable: string, domain: string): string => `!${variable}.find("^([^/]+)").endsWith("${domain}")`;

/** Rules for keys of requirements and labels: which of Karpenter's own may be used. `variable` is the key. */
export const KEY_RULES = (variable: string, instanceLabels: readonly string[] = AWS_INSTANCE_LABELS): readonly { rule: string; message: string }[] => [
  { rule: `${variable} in ${list(CAPACITY_TYPE_LABEL, NODEPOOL_LABEL)} || ${OUTSIDE(variable, 'karpenter.sh')}`, message: 'label domain "karpenter.sh" is restricted' },
  { rule: `${variable} != "${HOSTNAME_LABEL}"`, message: `label "${HOSTNAME_LABEL}" is restricted` },
  { rule: `${variable} in ${list(NODECLASS_LABEL, ...instanceLabels)} || ${OUTSIDE(variable, AWS_GROUP)}`, message: `label domain "${AWS_GROUP}" is restricted` },
];

export const resources = (description: string) => s.record<ResourceList[string]>(s.quantity()).describe(description);

const taint = s.object({
  key: s.string().minLength(1).pattern(QUALIFIED_NAME).describe('Key of the taint.'),
  value: s.string().pattern(QUALIFIED_NAME).optional().describe('Value of the taint.'),
  effect: s.enum('NoSchedule', 'PreferNoSchedule', 'NoExecute').describe('What happens to pods that do not tolerate the taint.'),
  timeAdded: s.time().optional().describe('When the taint was added.'),
});
export const taints = (description: string) => s.array<Taint>(taint).listType('atomic').describe(description).optional();

const NUMERIC = "(x.operator == 'Gt' || x.operator == 'Lt' || x.operator == 'Gte' || x.operator == 'Lte')";

function requirementKey(instanceLabels?: readonly string[]) {
  let key = s.string().maxLength(316).pattern(QUALIFIED_NAME).describe('Label key.');
  for (const { rule, message } of KEY_RULES('self', instanceLabels)) key = key.validation(rule, message);
  return key;
}

const comparison = {
  operator: s.enum('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt', 'Gte', 'Lte').describe('How the values are meant.'),
  values: s.array(s.string()).listType('atomic').optional().describe('Label values; one integer for Gt, Lt, Gte and Lte.'),
};

const requirementList = <R extends Requirement>(requirement: Schema<R>) => s.array<R>(requirement).maxItems(100).listType('atomic')
  .validation("self.all(x, x.operator == 'In' ? x.values.size() != 0 : true)", "requirements with operator 'In' must have a value defined")
  .validation(`self.all(x, ${NUMERIC} ? (x.values.size() == 1 && int(x.values[0]) >= 0) : true)`, "requirements operator 'Gt', 'Lt', 'Gte' or 'Lte' must have a single non-negative integer value");

/** What nodes may be: on every key one of Kubernetes' node selector operators, or Karpenter's Gte and Lte. */
export function requirements({ nodePoolKey }: { nodePoolKey: 'allowed' | 'forbidden' }) {
  let key = requirementKey();
  if (nodePoolKey === 'forbidden') key = key.validation(`self != "${NODEPOOL_LABEL}"`, `label "${NODEPOOL_LABEL}" is restricted`);
  const minValues = s.int().min(1).max(50).optional().describe('At least this many different values must stay possible (alpha).');
  return requirementList<Requirement>(s.object({ key, ...comparison, minValues })).describe('What nodes may be, by label. All have to hold.')
    .validation("self.all(x, (x.operator == 'In' && has(x.minValues)) ? x.values.size() >= x.minValues : true)", "requirements with 'minValues' must have at least that many values specified in the 'values' field");
}

/** Which instance types and offerings are meant; `instanceLabels`: labels of karpenter.k8s.aws that tell them apart. */
export const selection = (instanceLabels: readonly string[]) => requirementList<Omit<Requirement, 'minValues'>>(s.object({ key: requirementKey(instanceLabels), ...comparison }))
  .validation("self.all(x, x.operator == 'NotIn' ? x.values.size() != 0 : true)", "requirements with operator 'NotIn' must have a value defined");

const referencePart = (name: string) => s.string().describe(`${name} of the node class.`).validation("self != ''", `${name.toLowerCase()} may not be empty`);
const reference = { group: referencePart('Group').pattern('^[^/]*$'), kind: referencePart('Kind'), name: referencePart('Name') };

/** A claim's reference to its node class. */
export const nodeClassRef = s.object(reference).describe('The node class that the node is launched from.');

/** A pool's: EC2NodeClass `default` unless given (DESIGN §9), and never another kind later. */
export const poolNodeClassRef = s.object({
  group: reference.group.default(AWS_GROUP).required(),
  kind: reference.kind.default('EC2NodeClass').required(),
  name: reference.name,
}).describe('The node class that nodes are launched from. EC2NodeClass "default" unless given.')
  .default({ group: AWS_GROUP, kind: 'EC2NodeClass', name: 'default' }).required()
  .validation('self.group == oldSelf.group', 'nodeClassRef.group is immutable')
  .validation('self.kind == oldSelf.kind', 'nodeClassRef.kind is immutable');

export const expireAfter = s.string().pattern(DURATION_OR_NEVER).default('720h').optional()
  .describe('How long a node lives before it is replaced: a duration such as "720h", or "Never".');
export const terminationGracePeriod = s.string().pattern(WHOLE_DURATION).optional()
  .describe('How long draining may take before pods are deleted by force, whatever their budgets and annotations say.');
