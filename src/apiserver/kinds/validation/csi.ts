import type { LabelSelector } from 'kubernetes-types/meta/v1.js';
import type { CSIDriver, CSINode, CSINodeDriver, VolumeAttachment } from 'kubernetes-types/storage/v1.js';
import { child, duplicate, type FieldError, forbidden, invalid, notSupported, required, tooLong } from '../../schema/field-error.js';
import { sameJson } from '../../schema/json.js';
import { dns1123Subdomain, qualifiedName } from '../../schema/names.js';
import { parseQuantity } from '../../schema/quantity.js';
import { eachOf, nonNegative, oneOf, problemsAsErrors, unchanged } from './common.js';
import { csiDriverName, validateInlineVolume } from './persistent-volumes.js';
import { validateLabelSelector } from './selectors.js';

const MODES = ['Persistent', 'Ephemeral'];
const SHORTEST_TOKEN = 600;
const LONGEST_TOKEN = 2 ** 32;
const SHORTEST_PERIOD = 10;
const LONGEST_NODE_ID = 256;
const LARGEST_METADATA = 256 * 1024;
const LONGEST_MESSAGE = 1024;

type DriverSpec = CSIDriver['spec'] & { nodeAllocatableUpdatePeriodSeconds?: number; serviceAccountTokenInSecrets?: boolean };

export function validateCsiDriver(driver: CSIDriver): FieldError[] {
  const { fsGroupPolicy, tokenRequests = [], volumeLifecycleModes = [], nodeAllocatableUpdatePeriodSeconds: period, serviceAccountTokenInSecrets: inSecrets } = (driver.spec ?? {}) as DriverSpec;
  return [
    ...oneOf('spec.fsGroupPolicy', fsGroupPolicy, ['File', 'None', 'ReadWriteOnceWithFSType']),
    ...eachOf('spec.tokenRequests', tokenRequests, ({ audience, expirationSeconds: seconds }, place, index) => {
      if (tokenRequests.slice(0, index).some((other) => other.audience === audience)) return [duplicate(child(place, 'audience'), audience)];
      const field = child(place, 'expirationSeconds');
      if (seconds !== undefined && seconds < SHORTEST_TOKEN) return [invalid(field, seconds, 'may not specify a duration less than 10 minutes')];
      return seconds !== undefined && seconds > LONGEST_TOKEN ? [invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds')] : [];
    }),
    ...volumeLifecycleModes.filter((mode) => !MODES.includes(mode)).map((mode) => notSupported('spec.volumeLifecycleModes', mode, MODES)),
    ...(period !== undefined && period < SHORTEST_PERIOD ? [invalid('spec.nodeAllocatableUpdatePeriodSeconds', period, `must be greater than or equal to ${SHORTEST_PERIOD} seconds`)] : []),
    ...(inSecrets !== undefined && tokenRequests.length === 0 ? [invalid('spec.serviceAccountTokenInSecrets', inSecrets, 'serviceAccountTokenInSecrets is set but no tokenRequests are specified')] : []),
  ];
}

export const validateCsiDriverUpdate = ({ spec }: CSIDriver, { spec: before }: CSIDriver): FieldError[] => [
  ...unchanged('spec.attachedRequired', spec?.attachRequired, before?.attachRequired),
  ...unchanged('spec.volumeLifecycleModes', spec?.volumeLifecycleModes, before?.volumeLifecycleModes),
];

export function validateCsiNode({ spec }: CSINode): FieldError[] {
  const { drivers } = spec ?? {};
  return eachOf('spec.drivers', drivers, ({ name, nodeID, allocatable, topologyKeys }: Partial<CSINodeDriver>, place, index) => [
    ...csiDriverName(name, child(place, 'name')),
    ...(nodeID ? [] : [required(child(place, 'nodeID'))]),
    ...((nodeID?.length ?? 0) > LONGEST_NODE_ID ? [invalid(child(place, 'nodeID'), nodeID, `must be ${LONGEST_NODE_ID} characters or less`)] : []),
    ...nonNegative(child(place, 'allocatable.count'), allocatable?.count),
    ...(drivers!.slice(0, index).some((other) => other.name === name) ? [duplicate(child(place, 'name'), name)] : []),
    ...(topologyKeys ?? []).flatMap((key, position) => [
      ...(key === '' ? [required(place)] : []),
      ...(topologyKeys!.indexOf(key) < position ? [duplicate(place, key)] : []),
      ...problemsAsErrors(place, key, qualifiedName(key)),
    ]),
  ]);
}

/** Of a driver on a node, only how many volumes fit may change. */
export function validateCsiNodeUpdate({ spec }: CSINode, { spec: before }: CSINode): FieldError[] {
  const settled = ({ allocatable: _allocatable, ...driver }: CSINodeDriver): object => driver;
  return (spec?.drivers ?? []).flatMap((driver) => {
    const old = before?.drivers?.find(({ name }) => name === driver.name);
    return !old || sameJson(settled(driver), settled(old)) ? [] : [invalid('spec.drivers', inGo(driver), 'field is immutable')];
  });
}

const inGo = ({ name, nodeID, topologyKeys }: CSINodeDriver): object => ({ Name: name, NodeID: nodeID, TopologyKeys: topologyKeys ?? null, Allocatable: null });

export function validateVolumeAttachment({ spec, status }: VolumeAttachment): FieldError[] {
  const { attacher, nodeName = '', source = {} } = (spec ?? {}) as Partial<VolumeAttachment['spec']>;
  const { persistentVolumeName: name, inlineVolumeSpec } = source;
  const errors = [...(attacher ? [] : [required('spec.attacher')]), ...problemsAsErrors('spec.nodeName', nodeName, dns1123Subdomain(nodeName))];
  if (name === undefined && !inlineVolumeSpec) errors.push(required('spec.source', 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'));
  else if (name !== undefined && inlineVolumeSpec) errors.push(forbidden('spec.source', 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'));
  else if (name === '') errors.push(required('spec.source.persistentVolumeName', 'must specify non empty persistentVolumeName'));
  else if (inlineVolumeSpec) errors.push(...validateInlineVolume(inlineVolumeSpec, 'spec.source.inlineVolumeSpec'));
  return [...errors, ...attachmentStatus(status)];
}

/** Of a new attachment, the names of what attaches and of what is attached. */
export function validateNewVolumeAttachment({ spec }: VolumeAttachment): FieldError[] {
  const name = spec?.source?.persistentVolumeName;
  return [...csiDriverName(spec?.attacher, 'spec.attacher'), ...(name === undefined ? [] : problemsAsErrors('spec.source.persistentVolumeName', name, dns1123Subdomain(name)))];
}

export const validateVolumeAttachmentUpdate = ({ spec }: VolumeAttachment, { spec: before }: VolumeAttachment): FieldError[] =>
  (sameJson(spec, before) ? [] : [invalid('spec', { Attacher: spec.attacher, Source: { PersistentVolumeName: spec.source?.persistentVolumeName ?? null, InlineVolumeSpec: spec.source?.inlineVolumeSpec ?? null }, NodeName: spec.nodeName }, 'field is immutable')]);

function attachmentStatus(status: VolumeAttachment['status']): FieldError[] {
  const { attachmentMetadata = {}, attachError, detachError } = status ?? {};
  const size = Object.entries(attachmentMetadata).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  const errors = size > LARGEST_METADATA ? [tooLong('status.attachmentMetadata', LARGEST_METADATA)] : [];
  for (const [field, error] of Object.entries({ attachError, detachError } as Record<string, { message?: string; errorCode?: number } | undefined>)) {
    const place = child('status', field);
    // The bound that is named is another's.
    if ((error?.message?.length ?? 0) > LONGEST_MESSAGE) errors.push(tooLong(child(place, 'message'), LARGEST_METADATA));
    if ((error?.errorCode ?? 0) < 0) errors.push(invalid(child(place, 'errorCode'), error?.errorCode, 'must be between 0 and 2147483647, inclusive'));
  }
  return errors;
}

interface Capacity { storageClassName?: string; capacity?: string; nodeTopology?: LabelSelector }

export function validateCsiStorageCapacity({ storageClassName = '', capacity, nodeTopology }: Capacity): FieldError[] {
  const isNegative = (parseQuantity(capacity)?.nano ?? 0n) < 0n;
  return [
    ...validateLabelSelector(nodeTopology, 'nodeTopology'),
    ...problemsAsErrors('storageClassName', storageClassName, dns1123Subdomain(storageClassName)),
    ...(isNegative ? [invalid('capacity', capacity, 'must be greater than or equal to 0')] : []),
  ];
}

export const validateCsiStorageCapacityUpdate = (object: Capacity, previous: Capacity): FieldError[] => [
  ...unchanged('nodeTopology', object.nodeTopology, previous.nodeTopology),
  ...unchanged('storageClassName', object.storageClassName, previous.storageClassName),
];
