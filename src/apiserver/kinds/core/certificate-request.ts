import type { CertificateSigningRequest, CertificateSigningRequestCondition } from 'kubernetes-types/certificates/v1.js';
import { timestamp } from '../../clock.js';
import type { ApiObject } from '../../contracts.js';
import { type FieldError, forbidden, invalid, required } from '../../schema/field-error.js';
import { deepEqual } from '../../storage/deep.js';
import type { KindBehaviour } from '../behaviour.js';
import { fieldsAt } from '../selectable-fields.js';

type Request = CertificateSigningRequest & ApiObject;

const REQUEST_PEM = /^-----BEGIN CERTIFICATE REQUEST-----\s[\s\S]+-----END CERTIFICATE REQUEST-----\s*$/;
const SIGNER_NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)+\/[A-Za-z0-9](?:[-.:A-Za-z0-9]*[A-Za-z0-9])?$/;
/** Whether to sign is decided in `approval`, and nowhere else. */
const DECISIONS = ['Approved', 'Denied'];
const CONDITIONS = 'status.conditions';

const conditionsOf = ({ status }: Request): CertificateSigningRequestCondition[] => status?.conditions ?? [];
const certificateOf = ({ status }: Request): string | undefined => status?.certificate || undefined;

/** Who asked is filled in by admission, which knows. */
export const certificateRequestBehaviour: KindBehaviour = {
  selectableFields: fieldsAt('spec.signerName'),
  setDefaults(object) {
    for (const condition of conditionsOf(object as Request)) condition.status ??= 'True';
  },
  prepareForCreate(object) {
    object['status'] = {};
  },
  prepareForUpdate(object, previous, subresource, { clock }) {
    object['spec'] = previous['spec'];
    if (subresource !== 'status' && subresource !== 'approval') return;
    const now = timestamp(clock.now());
    for (const condition of conditionsOf(object as Request)) {
      condition.lastUpdateTime ??= now;
      condition.lastTransitionTime ??= conditionsOf(previous as Request).find(({ type, status }) => type === condition.type && status === condition.status)?.lastTransitionTime ?? now;
    }
  },
  validate(object) {
    const { spec } = object as Request;
    const { request = '', usages = [], signerName = '', expirationSeconds } = spec as Partial<CertificateSigningRequest['spec']> & { expirationSeconds?: number };
    return [
      ...(REQUEST_PEM.test(Buffer.from(request, 'base64').toString()) ? [] : [invalid('spec.request', request, 'PEM block type must be CERTIFICATE REQUEST')]),
      ...(usages.length > 0 ? [] : [required('spec.usages')]),
      ...(SIGNER_NAME.test(signerName) ? [] : [invalid('spec.signerName', signerName, 'must be a fully qualified domain and path of the form "example.com/signer-name"')]),
      ...(signerName === 'kubernetes.io/legacy-unknown' ? [invalid('spec.signerName', signerName, 'the legacy signerName is not allowed via this API version')] : []),
      ...(expirationSeconds !== undefined && expirationSeconds < 600 ? [invalid('spec.expirationSeconds', expirationSeconds, 'may not specify a duration less than 600 seconds (10 minutes)')] : []),
    ];
  },
  validateStatus: (object, previous, subresource) => [...conditionErrors(object as Request, previous as Request, subresource === 'approval'), ...certificateErrors(object as Request, previous as Request, subresource === 'status')],
};

function conditionErrors(request: Request, previous: Request, deciding: boolean): FieldError[] {
  const [now, before] = [conditionsOf(request), conditionsOf(previous)];
  const having = (conditions: typeof now, type: string): typeof now => conditions.filter((condition) => condition.type === type);
  const fixed = deciding ? ['Failed'] : DECISIONS;
  return [
    ...now.flatMap(({ type }, index) => (type ? [] : [required(`${CONDITIONS}[${index}].type`)])),
    ...(DECISIONS.every((type) => having(now, type).length > 0) ? [invalid(CONDITIONS, 'Denied', 'Approved and Denied conditions are mutually exclusive')] : []),
    ...[...DECISIONS, 'Failed'].filter((type) => having(now, type).length < having(before, type).length).map((type) => forbidden(CONDITIONS, `updates may not remove a condition of type ${JSON.stringify(type)}`)),
    ...fixed.filter((type) => having(now, type).length > having(before, type).length).map((type) => forbidden(CONDITIONS, `updates may not add a condition of type ${JSON.stringify(type)}`)),
    ...fixed.filter((type) => having(now, type).length === having(before, type).length && !deepEqual(having(now, type), having(before, type)))
      .map((type) => forbidden(CONDITIONS, `updates may not modify a condition of type ${JSON.stringify(type)}`)),
  ];
}

function certificateErrors(request: Request, previous: Request, signing: boolean): FieldError[] {
  const [certificate, before] = [certificateOf(request), certificateOf(previous)];
  if (certificate === before) return [];
  if (before !== undefined) return [forbidden('status.certificate', 'updates may not modify existing certificate content')];
  if (!signing) return [forbidden('status.certificate', 'updates may not set certificate content')];
  const pem = Buffer.from(certificate!, 'base64').toString();
  return pem.includes('-----BEGIN CERTIFICATE-----') ? [] : [invalid('status.certificate', '<certificate data>', 'must contain at least one CERTIFICATE PEM block')];
}
