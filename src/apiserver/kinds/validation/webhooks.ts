import type { MutatingWebhook, MutatingWebhookConfiguration, ValidatingWebhook, ValidatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1.js';
import { child, duplicate, type FieldError, invalid, notSupported, required } from '../../schema/field-error.js';
import { dns1123Subdomain } from '../../schema/names.js';
import { FAILURE_POLICIES, MATCH_POLICIES, validateMatchConditions, validateMatchRule } from './admission-rules.js';
import { eachOf, oneOf } from './common.js';
import { validateLabelSelector } from './selectors.js';
import { clientProblems, REVIEW_VERSIONS, reviewVersionProblems } from './webhook-client.js';

type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;
type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration;

const SIDE_EFFECTS = ['None', 'NoneOnDryRun'];
const LONGEST_TIMEOUT = 30;

export function validateWebhooks({ webhooks = [] }: Configuration): FieldError[] {
  const names = (webhooks as Webhook[]).map(({ name }) => name);
  return eachOf('webhooks', webhooks as Webhook[], (webhook, path, index) => [
    ...webhookProblems(webhook, path),
    ...(webhook.name && names.indexOf(webhook.name) < index ? [duplicate(child(path, 'name'), webhook.name)] : []),
  ]);
}

function webhookProblems({ name, rules, failurePolicy, matchPolicy, sideEffects, timeoutSeconds, namespaceSelector, objectSelector, reinvocationPolicy, clientConfig, matchConditions, admissionReviewVersions }: Webhook, path: string): FieldError[] {
  const selectors = [['namespaceSelector', namespaceSelector], ['objectSelector', objectSelector]] as const;
  return [
    ...nameProblems(name, child(path, 'name')),
    ...eachOf(child(path, 'rules'), rules, validateMatchRule),
    ...oneOf(child(path, 'failurePolicy'), failurePolicy, FAILURE_POLICIES),
    ...oneOf(child(path, 'matchPolicy'), matchPolicy, MATCH_POLICIES),
    ...(SIDE_EFFECTS.includes(sideEffects) ? [] : [sideEffects ? notSupported(child(path, 'sideEffects'), sideEffects, SIDE_EFFECTS) : required(child(path, 'sideEffects'), `must specify one of ${SIDE_EFFECTS.join(', ')}`)]),
    ...(timeoutSeconds !== undefined && (timeoutSeconds < 1 || timeoutSeconds > LONGEST_TIMEOUT) ? [invalid(child(path, 'timeoutSeconds'), timeoutSeconds, `the timeout value must be between 1 and ${LONGEST_TIMEOUT} seconds`)] : []),
    ...selectors.flatMap(([field, selector]) => validateLabelSelector(selector, child(path, field))),
    ...oneOf(child(path, 'reinvocationPolicy'), reinvocationPolicy, ['IfNeeded', 'Never']),
    ...clientProblems(clientConfig, child(path, 'clientConfig')),
    ...validateMatchConditions(matchConditions, child(path, 'matchConditions')),
    ...reviewVersionProblems(admissionReviewVersions, child(path, 'admissionReviewVersions'), `must specify one of ${REVIEW_VERSIONS.join(', ')}`),
  ];
}

function nameProblems(name: string, path: string): FieldError[] {
  if (!name) return [required(path)];
  const [problem] = dns1123Subdomain(name);
  if (problem !== undefined) return [invalid(path, name, problem)];
  return name.split('.').length < 3 ? [invalid(path, name, 'should be a domain with at least three segments separated by dots')] : [];
}
