import type { CertificateSigningRequest } from 'kubernetes-types/certificates/v1.js';
import type { FlowSchema, PriorityLevelConfiguration } from 'kubernetes-types/flowcontrol/v1.js';
import type { LabelSelector } from 'kubernetes-types/meta/v1.js';
import type { TableColumns } from '../contracts.js';
import { humanDuration } from './age.js';
import { ageColumn, column, count, tableOf } from './column.js';
import { selectorText } from './words.js';

const NONE = '<none>';

interface AdmissionPolicy {
  metadata?: unknown;
  spec?: { validations?: object[]; paramKind?: { apiVersion?: string; kind?: string } };
}

export const validatingAdmissionPolicyTable: TableColumns = tableOf<AdmissionPolicy>(
  count('Validations', ({ spec }) => spec?.validations?.length),
  column('ParamKind', ({ spec }) => (spec?.paramKind ? `${spec.paramKind.apiVersion}/${spec.paramKind.kind}` : '<unset>')),
  ageColumn,
);

interface AdmissionPolicyBinding {
  metadata?: unknown;
  spec?: { policyName?: string; paramRef?: { name?: string; namespace?: string; selector?: LabelSelector } };
}

function paramText({ spec }: AdmissionPolicyBinding): string {
  const { name, namespace, selector } = spec?.paramRef ?? {};
  if (name) return `${namespace || '*'}/${name}`;
  return selector ? selectorText(selector) : '<unset>';
}

export const validatingAdmissionPolicyBindingTable: TableColumns = tableOf<AdmissionPolicyBinding>(
  column('PolicyName', ({ spec }) => spec?.policyName),
  column('ParamRef', paramText),
  ageColumn,
);

export const flowSchemaTable: TableColumns = tableOf<FlowSchema>(
  column('PriorityLevel', ({ spec }) => spec?.priorityLevelConfiguration?.name),
  column('MatchingPrecedence', ({ spec }) => spec?.matchingPrecedence ?? 0),
  column('DistinguisherMethod', ({ spec }) => spec?.distinguisherMethod?.type ?? NONE),
  ageColumn,
  column('MissingPL', ({ status }) => status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?'),
);

const queuing = ({ spec }: PriorityLevelConfiguration): { queues?: number; handSize?: number; queueLengthLimit?: number } => spec?.limited?.limitResponse?.queuing ?? {};

export const priorityLevelTable: TableColumns = tableOf<PriorityLevelConfiguration>(
  column('Type', ({ spec }) => spec?.type),
  column('NominalConcurrencyShares', ({ spec }) => spec?.limited?.nominalConcurrencyShares ?? NONE),
  column('Queues', (level) => queuing(level).queues ?? NONE),
  column('HandSize', (level) => queuing(level).handSize ?? NONE),
  column('QueueLengthLimit', (level) => queuing(level).queueLengthLimit ?? NONE),
  ageColumn,
);

function requestCondition({ status }: CertificateSigningRequest): string {
  const has = (wanted: string): boolean => status?.conditions?.some(({ type }) => type === wanted) ?? false;
  return [has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending', ...(has('Failed') ? ['Failed'] : []), ...(status?.certificate ? ['Issued'] : [])].join(',');
}

const specOf = ({ spec }: CertificateSigningRequest): { signerName?: string; username?: string; expirationSeconds?: number } => spec ?? {};

export const certificateRequestTable: TableColumns = tableOf<CertificateSigningRequest>(
  ageColumn,
  column('SignerName', (request) => specOf(request).signerName || NONE),
  column('Requestor', (request) => specOf(request).username),
  column('RequestedDuration', (request) => {
    const { expirationSeconds } = specOf(request);
    return expirationSeconds === undefined ? NONE : humanDuration(expirationSeconds * 1000);
  }),
  column('Condition', requestCondition),
);
