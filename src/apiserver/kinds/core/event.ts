import type { Event as CoreEvent } from 'kubernetes-types/core/v1.js';
import type { Event } from 'kubernetes-types/events/v1.js';
import type { ApiObject } from '../../contracts.js';
import type { KindBehaviour } from '../behaviour.js';
import { fieldsAt } from '../selectable-fields.js';
import { validateCoreEvent, validateEvent, validateEventUpdate, validateNewEvent } from '../validation/event.js';

const INVOLVED = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

export const coreEventBehaviour: KindBehaviour = {
  nameFormat: 'pathSegment',
  validate: (object) => validateCoreEvent(object as unknown as CoreEvent),
  selectableFields: {
    ...fieldsAt(...INVOLVED.map((field) => `involvedObject.${field}`), 'reason', 'reportingComponent', 'type'),
    source: (object) => (object as unknown as CoreEvent).source?.component ?? (object['reportingComponent'] as string | undefined) ?? '',
  },
};

/** `events.k8s.io/v1` shows the core events under newer names; both are one store. */
export const eventBehaviour: KindBehaviour = {
  groupInErrors: '',
  validate: (object) => validateEvent(asCore(object)),
  validateCreate: (object) => validateNewEvent(asCore(object)),
  validateUpdate: (object, previous) => validateEventUpdate(asCore(object), asCore(previous)),
  selectableFields: { ...fieldsAt('reason', 'type', 'reportingController'), ...fieldsAt(...INVOLVED.map((field) => `regarding.${field}`)) },
  fromStorage: (object) => eventOf(object as unknown as CoreEvent & ApiObject),
  toStorage: (object) => coreEventOf(object as unknown as Event & ApiObject),
};

const asCore = (object: ApiObject): CoreEvent => coreEventOf(object as unknown as Event & ApiObject) as unknown as CoreEvent;

function eventOf({ involvedObject, message, reportingComponent, reportingInstance, source, firstTimestamp, lastTimestamp, count, ...same }: CoreEvent & ApiObject): ApiObject {
  return withoutUndefined({
    ...same,
    apiVersion: 'events.k8s.io/v1',
    regarding: involvedObject,
    note: message,
    // What the core group shows empty, this one leaves out.
    reportingController: reportingComponent || undefined,
    reportingInstance: reportingInstance || undefined,
    deprecatedSource: source,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedCount: count,
  });
}

function coreEventOf(event: Event & ApiObject): ApiObject {
  const { regarding, note, reportingController, deprecatedSource, deprecatedFirstTimestamp, deprecatedLastTimestamp, deprecatedCount, ...same } = event;
  return withoutUndefined({
    ...same,
    apiVersion: 'v1',
    involvedObject: regarding ?? {},
    message: note,
    reportingComponent: reportingController,
    source: deprecatedSource,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
  });
}

const withoutUndefined = (object: Record<string, unknown>): ApiObject => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as ApiObject;
