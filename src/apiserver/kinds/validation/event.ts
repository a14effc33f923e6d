import type { Event, EventSource, ObjectReference } from 'kubernetes-types/core/v1.js';
import { type FieldError, invalid, required } from '../../schema/field-error.js';
import { sameJson } from '../../schema/json.js';
import { qualifiedName } from '../../schema/names.js';
import { problemsAsErrors, unchanged } from './common.js';

const LONGEST = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const;
const DEFAULT = 'default';

/** What the group that is asked calls the field. */
type ControllerField = 'reportingComponent' | 'reportingController';

const limited = (field: keyof typeof LONGEST, value = ''): FieldError[] => (value.length > LONGEST[field] ? [invalid(field, '', `can have at most ${LONGEST[field]} characters`)] : []);
const needed = (field: string, value: unknown): FieldError[] => (value ? [] : [required(field)]);

/** What every event must be, whichever group it comes through. Those with an `eventTime` are of newer clients, and checked more closely. */
function validateAny({ metadata, involvedObject, eventTime, reportingComponent = '', reportingInstance, action, reason, message }: Event, controllerField: ControllerField): FieldError[] {
  const about = involvedObject?.namespace ?? '';
  const mismatch = invalid('involvedObject.namespace', about, 'does not match event.namespace');
  const own = metadata?.namespace ?? '';
  if (!eventTime) return (about === '' ? own === DEFAULT : about === own) ? [] : [mismatch];
  return [
    ...(about === '' && own !== DEFAULT && own !== 'kube-system' ? [mismatch] : []),
    ...needed(controllerField, reportingComponent),
    ...problemsAsErrors(controllerField, reportingComponent, qualifiedName(reportingComponent)),
    ...needed('reportingInstance', reportingInstance),
    ...limited('reportingInstance', reportingInstance),
    ...needed('action', action),
    ...limited('action', action),
    ...needed('reason', reason),
    ...limited('reason', reason),
    ...limited('message', message),
  ];
}

/** Through the core group all goes that old clients ever wrote. */
export const validateCoreEvent = (event: Event): FieldError[] => validateAny(event, 'reportingComponent');

export const validateEvent = (event: Event): FieldError[] => validateAny(event, 'reportingController');

function validateSeries({ series }: Event): FieldError[] {
  if (!series) return [];
  return [...((series.count ?? 0) < 2 ? [invalid('series.count', '', 'should be at least 2')] : []), ...needed('series.lastObservedTime', series.lastObservedTime)];
}

/** What `events.k8s.io` asks of a new event on top: none of what is deprecated. */
export function validateNewEvent(event: Event): FieldError[] {
  const { eventTime, type = '', firstTimestamp, lastTimestamp, count, source } = event;
  const unset = (field: string, value: unknown): FieldError[] => (value ? [invalid(field, '', 'needs to be unset')] : []);
  return [
    ...validateSeries(event),
    ...needed('eventTime', eventTime),
    ...(type === 'Normal' || type === 'Warning' ? [] : [invalid('type', '', `has invalid value: ${type}`)]),
    ...unset('firstTimestamp', firstTimestamp),
    ...unset('lastTimestamp', lastTimestamp),
    ...unset('count', count),
    ...unset('source', source?.component || source?.host),
  ];
}

/** Through `events.k8s.io` nothing changes of an event but its series. */
export function validateEventUpdate(event: Event, previous: Event): FieldError[] {
  return [
    ...(sameJson(event.series ?? null, previous.series ?? null) ? [] : validateSeries(event)),
    ...unchanged('involvedObject', referenceInGo(event.involvedObject), referenceInGo(previous.involvedObject)),
    ...unchanged('reason', event.reason, previous.reason),
    ...unchanged('message', event.message, previous.message),
    ...unchanged('source', sourceInGo(event.source), sourceInGo(previous.source)),
    ...unchanged('firstTimestamp', event.firstTimestamp, previous.firstTimestamp),
    ...unchanged('lastTimestamp', event.lastTimestamp, previous.lastTimestamp),
    ...unchanged('count', event.count, previous.count),
    ...unchanged('reason', event.reason, previous.reason),
    ...unchanged('type', event.type, previous.type),
    ...unchanged('eventTime', event.eventTime, previous.eventTime),
    ...unchanged('action', event.action, previous.action),
    ...unchanged('related', event.related && referenceInGo(event.related), previous.related && referenceInGo(previous.related)),
    ...unchanged('reportingController', event.reportingComponent, previous.reportingComponent),
    ...unchanged('reportingInstance', event.reportingInstance, previous.reportingInstance),
  ];
}

/** Values in messages are those of Kubernetes' own structs. */
const referenceInGo = ({ kind = '', namespace = '', name = '', uid = '', apiVersion = '', resourceVersion = '', fieldPath = '' }: ObjectReference = {}): object => ({ Kind: kind, Namespace: namespace, Name: name, UID: uid, APIVersion: apiVersion, ResourceVersion: resourceVersion, FieldPath: fieldPath });

const sourceInGo = ({ component = '', host = '' }: EventSource = {}): object => ({ Component: component, Host: host });
