import { at, child, type FieldError, invalid, required } from '../../schema/field-error.js';
import { dns1035Label, dns1123Subdomain } from '../../schema/names.js';
import type { WebhookClientConfig } from '../../webhook/webhook-transport.js';
import { portNumber, problemsAsErrors } from './common.js';

/** Those of reviews that there are, of admission and of conversion. */
export const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const FORM = '; desired format: https://host[/path]';

/** What is wrong with how a webhook is reached. */
export function clientProblems({ url, service }: WebhookClientConfig, path: string): FieldError[] {
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

function serviceProblems({ name, namespace, path: route, port }: NonNullable<WebhookClientConfig['service']>, path: string): FieldError[] {
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

/** What is wrong with the versions of reviews that a webhook takes. @param none what is said where there are none */
export function reviewVersionProblems(versions: readonly string[] | null | undefined, path: string, none = ''): FieldError[] {
  if (!versions?.length) return [required(path, none)];
  const errors = versions.flatMap((version, index) => (versions.indexOf(version) < index ? [invalid(at(path, index), version, 'duplicate version')] : problemsAsErrors(at(path, index), version, dns1035Label(version))));
  return versions.some((version) => REVIEW_VERSIONS.includes(version)) ? errors : [...errors, invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`)];
}
