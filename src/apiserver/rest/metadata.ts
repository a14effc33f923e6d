import type { ApiObject, Cause, Metadata, ResourceDefinition } from '../contracts.js';
import { isLabelKey, isLabelValue } from './label-selector.js';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const LABEL_PATTERN = new RegExp(`^${LABEL}$`);
const LABEL_1035_PATTERN = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN_PATTERN = new RegExp(`^${LABEL}(\\.${LABEL})*$`);

/** Together, keys and values of annotations may take this many bytes. */
const ANNOTATIONS_LIMIT = 256 * 1024;

const LABEL_TEXT = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`;
const LABEL_1035_TEXT = `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`;
const SUBDOMAIN_TEXT = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`;
const NAME_PART_TEXT = `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`;
const LABEL_VALUE_TEXT = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`;

const invalidValue = (field: string, value: unknown, problem: string): Cause => ({ reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${problem}` });
const forbiddenField = (field: string, problem: string): Cause => ({ reason: 'FieldValueForbidden', field, message: `Forbidden: ${problem}` });

/** What is wrong with an object's metadata. */
export function validateMetadata(object: ApiObject, { nameFormat = 'dns1123subdomain', namespaced }: ResourceDefinition): Cause[] {
  const { name = '', generateName = '', labels = {}, annotations = {}, finalizers = [], ownerReferences = [] } = object.metadata;
  const causes: Cause[] = [];
  // A generated name is as good as its prefix, with something alphanumeric behind it.
  if (generateName) causes.push(...nameProblems(`${generateName.slice(0, 58)}x`, nameFormat).map((problem) => invalidValue('metadata.generateName', generateName, problem)));
  if (!name) causes.push({ reason: 'FieldValueRequired', field: 'metadata.name', message: 'Required value: name or generateName is required' });
  else causes.push(...nameProblems(name, nameFormat).map((problem) => invalidValue('metadata.name', name, problem)));
  if (namespaced && object.metadata.namespace) {
    causes.push(...nameProblems(object.metadata.namespace, 'dns1123label').map((problem) => invalidValue('metadata.namespace', object.metadata.namespace, problem)));
  }
  for (const [key, value] of Object.entries(labels)) {
    if (!isLabelKey(key)) causes.push(invalidValue('metadata.labels', key, qualifiedNameProblem(key)));
    if (typeof value === 'string' && !isLabelValue(value)) {
      causes.push(invalidValue('metadata.labels', value, value.length > 63 ? 'must be no more than 63 characters' : LABEL_VALUE_TEXT));
    }
  }
  let annotationBytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    // Only the key's form counts, and that in lower case.
    if (!isLabelKey(key.toLowerCase())) causes.push(invalidValue('metadata.annotations', key, qualifiedNameProblem(key)));
    annotationBytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (annotationBytes > ANNOTATIONS_LIMIT) {
    causes.push({ reason: 'FieldValueTooLong', field: 'metadata.annotations', message: `Too long: may not be more than ${ANNOTATIONS_LIMIT} bytes` });
  }
  finalizers.forEach((finalizer, index) => {
    if (!isLabelKey(finalizer)) causes.push(invalidValue(`metadata.finalizers[${index}]`, finalizer, qualifiedNameProblem(finalizer)));
    else if (!finalizer.includes('/') && !STANDARD_FINALIZERS.has(finalizer)) {
      causes.push(invalidValue(`metadata.finalizers[${index}]`, finalizer, 'name is neither a standard finalizer name nor is it fully qualified'));
    }
  });
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    causes.push(invalidValue('metadata.finalizers', finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  ownerReferences.forEach((owner, index) => {
    const at = `metadata.ownerReferences[${index}]`;
    if (!owner.apiVersion) causes.push(invalidValue(`${at}.apiVersion`, '', 'version must not be empty'));
    if (!owner.kind) causes.push(invalidValue(`${at}.kind`, '', 'must not be empty'));
    if (!owner.name) causes.push(invalidValue(`${at}.name`, '', 'must not be empty'));
    if (!owner.uid) causes.push(invalidValue(`${at}.uid`, '', 'must not be empty'));
  });
  const controllers = ownerReferences.filter(({ controller }) => controller);
  if (controllers.length > 1) {
    causes.push(
      invalidValue('metadata.ownerReferences', ownerReferences, `Only one reference can have Controller set to true. Found "true" in references for ${controllers[0]!.kind}/${controllers[0]!.name} and ${controllers[1]!.kind}/${controllers[1]!.name}`),
    );
  }
  return causes;
}

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
  return causes;
}

function qualifiedNameProblem(key: string): string {
  const name = key.slice(key.lastIndexOf('/') + 1);
  if (key.split('/').length > 2) return `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
  if (key.startsWith('/')) return 'prefix part must be non-empty';
  if (name === '') return 'name part must be non-empty';
  if (name.length > 63) return 'name part must be no more than 63 characters';
  if (!isLabelKey(name)) return NAME_PART_TEXT;
  return `prefix part ${SUBDOMAIN_TEXT}`;
}

function nameProblems(name: string, format: NonNullable<ResourceDefinition['nameFormat']>): string[] {
  switch (format) {
    case 'dns1123label':
      return [...tooLong(name, 63), ...(LABEL_PATTERN.test(name) ? [] : [LABEL_TEXT])];
    case 'dns1035label':
      return [...tooLong(name, 63), ...(LABEL_1035_PATTERN.test(name) ? [] : [LABEL_1035_TEXT])];
    case 'dns1123subdomain':
      return [...tooLong(name, 253), ...(SUBDOMAIN_PATTERN.test(name) ? [] : [SUBDOMAIN_TEXT])];
    case 'pathSegment':
      if (name === '.' || name === '..') return [`may not be '${name}'`];
      return ['/', '%'].filter((character) => name.includes(character)).map((character) => `may not contain '${character}'`);
  }
}

const tooLong = (name: string, most: number): string[] => (name.length > most ? [`must be no more than ${most} characters`] : []);
