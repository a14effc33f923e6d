import type { Environment } from '@marcbachmann/cel-js';

class CelUrl {
  constructor(readonly url: URL, readonly isPath: boolean) {}
}

/** An absolute URI or an absolute path, as Kubernetes takes them. */
function parse(text: string): CelUrl | undefined {
  if (text.startsWith('/')) return URL.canParse(text, 'http://path.invalid') ? new CelUrl(new URL(text, 'http://path.invalid'), true) : undefined;
  return /^[a-z][a-z0-9+.-]*:/i.test(text) && URL.canParse(text) ? new CelUrl(new URL(text), false) : undefined;
}

const hostname = ({ url, isPath }: CelUrl): string => (isPath ? '' : url.hostname.replace(/^\[|\]$/g, ''));

/** `url('https://…')` and its parts. */
export function registerUrls(environment: Environment): void {
  environment.registerType('kubernetes.URL', { ctor: CelUrl, fields: {} });
  environment
    .registerFunction('url(string): kubernetes.URL', (text: string) => {
      const parsed = parse(text);
      if (!parsed) throw new Error(`URL parse error during conversion from string: parse ${JSON.stringify(text)}: ${text === '' ? 'empty url' : 'invalid URI for request'}`);
      return parsed;
    })
    .registerFunction('isURL(string): bool', (text: string) => parse(text) !== undefined)
    .registerFunction('kubernetes.URL.getScheme(): string', ({ url, isPath }: CelUrl) => (isPath ? '' : url.protocol.slice(0, -1)))
    .registerFunction('kubernetes.URL.getHost(): string', ({ url, isPath }: CelUrl) => (isPath ? '' : url.host))
    .registerFunction('kubernetes.URL.getHostname(): string', hostname)
    .registerFunction('kubernetes.URL.getPort(): string', ({ url, isPath }: CelUrl) => (isPath ? '' : url.port))
    .registerFunction('kubernetes.URL.getEscapedPath(): string', ({ url }: CelUrl) => url.pathname)
    .registerFunction('kubernetes.URL.getQuery(): map<string, list<string>>', ({ url }: CelUrl) => new Map([...new Set(url.searchParams.keys())].map((key) => [key, url.searchParams.getAll(key)])));
  environment.registerOperator('kubernetes.URL == kubernetes.URL', (one: CelUrl, other: CelUrl) => one.url.href === other.url.href);
}
