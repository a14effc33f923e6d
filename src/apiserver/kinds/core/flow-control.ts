import type { JsonObject } from '../../contracts.js';
import { child, type FieldError, notSupported, required } from '../../schema/field-error.js';
import { isObject } from '../../schema/schema.js';
import type { KindBehaviour } from '../behaviour.js';

/** Requests that no schema ranks come after those that are ranked. */
const LAST_PRECEDENCE = 1000;
const SHARES = 30;
const QUEUES = { handSize: 8, queues: 64, queueLengthLimit: 50 };

const specOf = (object: JsonObject): JsonObject => (isObject(object['spec']) ? object['spec'] : {});

/** Which requests have which priority; this server says so, but lets no request wait. */
export const flowSchemaBehaviour: KindBehaviour = {
  tracksGeneration: true,
  setDefaults(object) {
    const spec = specOf(object);
    spec['matchingPrecedence'] ||= LAST_PRECEDENCE;
  },
  validate(object) {
    const { priorityLevelConfiguration } = specOf(object) as { priorityLevelConfiguration?: { name?: string } };
    return priorityLevelConfiguration?.name ? [] : [required('spec.priorityLevelConfiguration.name', 'must reference a priority level')];
  },
};

export const priorityLevelBehaviour: KindBehaviour = {
  tracksGeneration: true,
  setDefaults(object) {
    const { exempt, limited } = specOf(object);
    if (isObject(exempt)) setAbsent(exempt, { nominalConcurrencyShares: 0, lendablePercent: 0 });
    if (!isObject(limited)) return;
    setAbsent(limited, { nominalConcurrencyShares: SHARES, lendablePercent: 0 });
    const { limitResponse } = limited;
    if (isObject(limitResponse) && isObject(limitResponse['queuing'])) setAbsent(limitResponse['queuing'], QUEUES);
  },
  validate(object) {
    const spec = specOf(object);
    const type = spec['type'];
    if (type !== 'Exempt' && type !== 'Limited') return [notSupported('spec.type', type ?? '', ['Exempt', 'Limited'])];
    const field = type.toLowerCase();
    return type === 'Limited' && !isObject(spec[field]) ? [required(child('spec', field), 'must not be empty when type is Limited')] : responseErrors(spec);
  },
};

function responseErrors({ limited }: JsonObject): FieldError[] {
  const response = isObject(limited) && isObject(limited['limitResponse']) ? limited['limitResponse'] : undefined;
  if (!response || response['type'] === 'Queue' || response['type'] === 'Reject') return [];
  return [notSupported('spec.limited.limitResponse.type', response['type'] ?? '', ['Queue', 'Reject'])];
}

function setAbsent(object: JsonObject, defaults: JsonObject): void {
  for (const [name, value] of Object.entries(defaults)) object[name] ??= value;
}
