import type { Event as CoreEvent } from 'kubernetes-types/core/v1.js';
import type { Event } from 'kubernetes-types/events/v1.js';
import type { ApiObject } from '../../contracts.js';
import type { KindBehaviour } from '../behaviour.js';
import { fieldsAt } from '../selectable-fields.js';

const INVOLVED = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

export const coreEventBehaviour: KindBehaviour = {
  selectableFields: {
    ...fieldsAt(...INVOLVED.map((field) => `involvedObject.${field}`), 'reason', 'reportingComponent', 'type'),
    source: (object) => (object as unknown as CoreEvent).source?.component ?? (object['reportingComponent'] as string | undefined) ?? '',
  },
};

/** `events.k8s.io/v1` shows the core events under newer names; both are one store. */
export const eventBehaviour: KindBehaviour = {
  selectableFields: { ...fieldsAt('reason', 'type', 'reportingController'), ...fieldsAt(...INVOLVED.map((field) => `regarding.${field}`)) },
  fromStorage: (object) => eventOf(object as unknown as CoreEvent & ApiObject),
  toStorage: (object) => coreEventOf(object as unknown as Event & ApiObject),
};

function eventOf({ involvedObject, message, reportingComponent, source, firstTimestamp, lastTimestamp, count, ...same }: CoreEvent & ApiObject): ApiObject {
  return withoutUndefined({
    ...same,
    apiVersion: 'events.k8s.io/v1',
    regarding: involvedObject,
    note: message,
    reportingController: reportingComponent,
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
