import type { MutatingWebhook, MutatingWebhookConfiguration, ValidatingWebhook, ValidatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1.js';
import { at, child, duplicate, type FieldError, invalid, notSupported, required } from '../../schema/field-error.js';
import { dns1035Label, dns1123Subdomain } from '../../schema/names.js';
import { FAILURE_POLICIES, MATCH_POLICIES, validateMatchConditions, validateMatchRule } from './admission-rules.js';
import { eachOf, oneOf, portNumber, problemsAsErrors } from './common.js';
import { validateLabelSelector } from './selectors.js';

type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;
type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration;
type ClientConfig = Webhook['clientConfig'];

const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const SIDE_EFFECTS = ['None', 'NoneOnDryRun'];
const LONGEST_TIMEOUT = 30;
const FORM = '; desired format: https://host[/path]';

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
    ...versionProblems(admissionReviewVersions, child(path, 'admissionReviewVersions')),
  ];
}

function nameProblems(name: string, path: string): FieldError[] {
  if (!name) return [required(path)];
  const [problem] = dns1123Subdomain(name);
  if (problem !== undefined) return [invalid(path, name, problem)];
  return name.split('.').length < 3 ? [invalid(path, name, 'should be a domain with at least three segments separated by dots')] : [];
}

function clientProblems({ url, service }: ClientConfig, path: string): FieldError[] {
  if ((url === undefined) === (service === undefined)) return [required(path, 'exactly one of url or service is required')];
  return url === undefined ? serviceProblems(service!, child(path, 'service')) : urlProblems(url, child(path, 'url'));
}

function urlProblems(url: string, path: string): FieldError[] {
  const unparsable = (problem: string): FieldError[] => [required(path, `url must be a valid URL: parse ${JSON.stringify(url)}: ${problem}${FORM}`)];
  if (url.startsWith(':')) return unparsable('missing protocol scheme');
  const [, scheme = '', authority = '', query = '', fragment = ''] = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/s.exec(url)!;
  const [, user, host = ''] = /^(?:(.*)@)?(.*)$/s.exec(authority)!;
  const odd = /[\s"<>\\^`{|}]/.exec(host)?.[0];
  if (odd !== undefined) return unparsable(`invalid character ${JSON.stringify(odd)} in host name`);
  return [
    ...(scheme.toLowerCase() === 'https' ? [] : [invalid(path, scheme.toLowerCase(), `'https' is the only allowed URL scheme${FORM}`)]),
    ...(host ? [] : [invalid(path, host, `host must be specified${FORM}`)]),
    ...(user === undefined ? [] : [invalid(path, user, 'user information is not permitted in the URL')]),
    ...(fragment ? [invalid(path, fragment, 'fragments are not permitted in the URL')] : []),
    ...(query ? [invalid(path, query, 'query parameters are not permitted in the URL')] : []),
  ];
}

function serviceProblems({ name, namespace, path: route, port }: NonNullable<ClientConfig['service']>, path: string): FieldError[] {
  return [
    ...(name ? [] : [required(child(path, 'name'))]),
    ...(namespace ? [] : [required(child(path, 'namespace'))]),
    ...portNumber('', port ?? 0).map(() => invalid(child(path, 'port'), port, 'port is not valid: must be between 1 and 65535, inclusive')),
    ...routeProblems(route ?? '', child(path, 'path')),
  ];
}

function routeProblems(route: string, path: string): FieldError[] {
  if (route === '' || route === '/') return [];
  if (route === '//') return [invalid(path, route, 'segment[0] may not be empty')];
  const steps = route.slice(1).replace(/\/$/, '').split('/');
  return [
    ...(route.startsWith('/') ? [] : [invalid(path, route, "must start with a '/'")]),
    ...steps.flatMap((step, index) => (step === '' ? ['may not be empty'] : dns1123Subdomain(step).map((problem) => `: ${problem}`)).map((problem) => invalid(path, route, `segment[${index}]${problem.startsWith(':') ? problem : ` ${problem}`}`))),
  ];
}

function versionProblems(versions: readonly string[] | null | undefined, path: string): FieldError[] {
  if (!versions?.length) return [required(path, `must specify one of ${REVIEW_VERSIONS.join(', ')}`)];
  const errors = versions.flatMap((version, index) => (versions.indexOf(version) < index ? [invalid(at(path, index), version, 'duplicate version')] : problemsAsErrors(at(path, index), version, dns1035Label(version))));
  return versions.some((version) => REVIEW_VERSIONS.includes(version)) ? errors : [...errors, invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`)];
}
