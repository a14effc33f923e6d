import type { JsonObject } from '../../contracts.js';
import { isObject } from '../../schema/schema.js';
import type { KindBehaviour } from '../behaviour.js';
import { fieldsAt } from '../selectable-fields.js';

const objectsIn = (list: unknown): JsonObject[] => (Array.isArray(list) ? list.filter(isObject) : []);

function completeRequest(request: JsonObject): void {
  request['allocationMode'] ||= 'ExactCount';
  if (request['allocationMode'] === 'ExactCount') request['count'] ||= 1;
}

/** Requests that do not say how many devices they are for want one. */
function completeRequests(spec: unknown): void {
  const devices = isObject(spec) ? spec['devices'] : undefined;
  for (const { exactly, firstAvailable } of objectsIn(isObject(devices) ? devices['requests'] : undefined)) {
    if (isObject(exactly)) completeRequest(exactly);
    for (const request of objectsIn(firstAvailable)) completeRequest(request);
  }
}

/** Taints of devices are not a feature yet that is on unless it is asked for, and so is not what tolerates them. */
function dropTolerations(spec: unknown): void {
  const devices = isObject(spec) ? spec['devices'] : undefined;
  for (const { exactly, firstAvailable } of objectsIn(isObject(devices) ? devices['requests'] : undefined)) for (const request of [exactly, ...objectsIn(firstAvailable)]) if (isObject(request)) delete request['tolerations'];
}

/** Claims to devices. Nothing allocates them here: a driver that is run against this server would. */
export const resourceClaimBehaviour: KindBehaviour = { setDefaults: ({ spec }) => completeRequests(spec), prepareForCreate: ({ spec }) => dropTolerations(spec) };

export const resourceClaimTemplateBehaviour: KindBehaviour = { setDefaults: ({ spec }) => completeRequests(isObject(spec) ? spec['spec'] : undefined), prepareForCreate: ({ spec }) => dropTolerations(isObject(spec) ? spec['spec'] : undefined) };

/** Devices that a driver offers; what manages them on a node selects those of the node or the driver. */
export const resourceSliceBehaviour: KindBehaviour = { tracksGeneration: true, selectableFields: fieldsAt('spec.driver', 'spec.nodeName') };
