import type { ApiObject, Cause, Metadata, ResourceDefinition } from '../contracts.js';
import { dns1035Label, dns1123Label, dns1123Subdomain, labelValue, pathSegment, qualifiedName } from '../schema/names.js';
import { groupVersionOf } from '../group-version.js';

/** Together, keys and values of annotations may take this many bytes. */
const ANNOTATIONS_LIMIT = 256 * 1024;

/** What a kind's names may look like. */
const NAME_FORMATS: Record<NonNullable<ResourceDefinition['nameFormat']>, (name: string) => string[]> = {
  dns1123label: dns1123Label, dns1035label: dns1035Label, dns1123subdomain: dns1123Subdomain, pathSegment,
};

const invalidValue = (field: string, value: unknown, problem: string): Cause => ({ reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${problem}` });
const forbiddenField = (field: string, problem: string): Cause => ({ reason: 'FieldValueForbidden', field, message: `Forbidden: ${problem}` });

/** What is wrong with an object's metadata. */
export function validateMetadata(object: ApiObject, { nameFormat = 'dns1123subdomain', namespaced, custom }: Pick<ResourceDefinition, 'nameFormat' | 'namespaced' | 'custom'>): Cause[] {
  const { name = '', generateName = '', labels = {}, annotations = {}, finalizers = [], ownerReferences = [] } = object.metadata;
  const causes: Cause[] = [];
  const refuse = (field: string, value: unknown, problems: readonly string[]): void => {
    for (const problem of problems) causes.push(invalidValue(field, value, problem));
  };
  const problemsOfName = NAME_FORMATS[nameFormat];
  // A generated name is as good as its prefix, with something alphanumeric behind it.
  if (generateName) refuse('metadata.generateName', generateName, problemsOfName(`${generateName.slice(0, 58)}x`));
  if (!name) causes.push({ reason: 'FieldValueRequired', field: 'metadata.name', message: 'Required value: name or generateName is required' });
  else refuse('metadata.name', name, problemsOfName(name));
  if (namespaced && object.metadata.namespace) refuse('metadata.namespace', object.metadata.namespace, dns1123Label(object.metadata.namespace));
  for (const [key, value] of Object.entries(labels)) {
    refuse('metadata.labels', key, qualifiedName(key));
    if (typeof value === 'string') refuse('metadata.labels', value, labelValue(value));
  }
  let annotationBytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    // Only the key's form counts, and that in lower case.
    refuse('metadata.annotations', key, qualifiedName(key.toLowerCase()));
    annotationBytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (annotationBytes > ANNOTATIONS_LIMIT) {
    causes.push({ reason: 'FieldValueTooLong', field: 'metadata.annotations', message: `Too long: may not be more than ${ANNOTATIONS_LIMIT} bytes` });
  }
  for (const finalizer of finalizers) refuse('metadata.finalizers', finalizer, qualifiedName(finalizer));
  finalizers.forEach((finalizer, index) => {
    if (!custom && !finalizer.includes('/') && !STANDARD_FINALIZERS.has(finalizer)) {
      causes.push(invalidValue(`metadata.finalizers[${index}]`, finalizer, 'name is neither a standard finalizer name nor is it fully qualified'));
    }
  });
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    causes.push(invalidValue('metadata.finalizers', finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  const at = 'metadata.ownerReferences';
  for (const owner of ownerReferences) {
    if (!owner.apiVersion) causes.push(invalidValue(`${at}.apiVersion`, '', 'version must not be empty'));
    if (!owner.kind) causes.push(invalidValue(`${at}.kind`, '', 'must not be empty'));
    if (!owner.name) causes.push(invalidValue(`${at}.name`, '', 'must not be empty'));
    if (!owner.uid) causes.push(invalidValue(`${at}.uid`, '', 'must not be empty'));
    if (owner.kind === 'Event' && /^(v1|events\.k8s\.io\/v1(beta1)?)$/.test(owner.apiVersion ?? '')) {
      const { group, version } = groupVersionOf(owner.apiVersion!);
      causes.push(invalidValue(at, ordered(owner), `${group}/${version}, Kind=Event is disallowed from being an owner`));
    }
  }
  const controllers = ownerReferences.filter(({ controller }) => controller);
  if (controllers.length > 1) {
    causes.push(
      invalidValue(at, ownerReferences.map(ordered), `Only one reference can have Controller set to true. Found "true" in references for ${controllers[0]!.kind}/${controllers[0]!.name} and ${controllers[1]!.kind}/${controllers[1]!.name}`),
    );
  }
  return causes;
}

/** As Kubernetes writes it. */
const ordered = ({ apiVersion, kind, name, uid, controller, blockOwnerDeletion }: NonNullable<Metadata['ownerReferences']>[number]): unknown => ({ apiVersion, kind, name, uid, controller, blockOwnerDeletion });

const STANDARD_FINALIZERS = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

/** What an update must not do to metadata. Deletion timestamps and uids were carried over before. */
export function validateMetadataUpdate({ metadata: next }: ApiObject, { metadata: previous }: ApiObject): Cause[] {
  const causes: Cause[] = [];
  const immutable = (field: keyof Metadata): void => {
    if (next[field] !== previous[field]) causes.push(invalidValue(`metadata.${field}`, next[field] ?? '', 'field is immutable'));
  };
  immutable('name');
  immutable('namespace');
  immutable('uid');
  immutable('creationTimestamp');
  immutable('deletionTimestamp');
  immutable('deletionGracePeriodSeconds');
  if (previous.deletionTimestamp) {
    const added = (next.finalizers ?? []).filter((finalizer) => !previous.finalizers?.includes(finalizer));
    if (added.length > 0) {
      causes.push(forbiddenField('metadata.finalizers', `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`));
    }
  }
  // Kubernetes looks twice: for all kinds alike, and for each kind.
  return [...causes, ...causes];
}
