import type { KubeResponse, KubeTransport } from '../operator/index.js';
import { CliError } from './cli-error.js';
import type { Manifest } from './manifest-files.js';

interface Resource { name: string; kind: string; namespaced: boolean }

export async function textOf({ body }: KubeResponse): Promise<string> {
  let text = '';
  for await (const chunk of body) text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
  return text;
}

/** Applies manifests as `kubectl apply --server-side` does. */
export class Applier {
  private readonly resources = new Map<string, Resource[]>();
  private readonly warned = new Set<string>();

  constructor(private readonly transport: KubeTransport, private readonly print: (line: string) => void) {}

  /** All of them or, when one of them is invalid, none. Throws a {@link CliError} that names every invalid one. */
  async apply(manifests: readonly Manifest[]): Promise<void> {
    const problems: string[] = [];
    for (const manifest of manifests) {
      const response = await this.send(manifest, { dryRun: true });
      if (response.status >= 400) problems.push(`${manifest.file}: ${messageOf(await textOf(response))}`);
    }
    if (problems.length > 0) throw new CliError(`nothing was applied:\n${problems.join('\n')}`);
    for (const manifest of manifests) {
      const response = await this.send(manifest, { dryRun: false });
      const text = await textOf(response);
      if (response.status >= 400) throw new CliError(`${manifest.file}: ${messageOf(text)}`);
      for (const warning of warningsOf(response)) this.warn(warning);
      this.print(`${nameOf(manifest.object)} ${response.status === 201 ? 'created' : 'configured'}`);
    }
  }

  /** Every text once. */
  private warn(text: string): void {
    if (!this.warned.has(text)) this.print(`Warning: ${text}`);
    this.warned.add(text);
  }

  /** One manifest, as a server-side apply that takes every field. Throws a {@link CliError} when nothing serves its kind. */
  async send({ file, object }: Manifest, { dryRun }: { dryRun: boolean }): Promise<KubeResponse> {
    const { plural, namespaced } = await this.resourceOf(object, file);
    const base = object.apiVersion.includes('/') ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
    const scope = namespaced ? `/namespaces/${object.metadata.namespace ?? 'default'}` : '';
    const query = `fieldManager=karpenter-ts&force=true&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`;
    return this.transport.send({
      method: 'PATCH',
      path: `${base}${scope}/${plural}/${object.metadata.name}?${query}`,
      headers: { 'content-type': 'application/apply-patch+yaml', accept: 'application/json' },
      body: JSON.stringify(object),
    });
  }

  private async resourceOf({ apiVersion, kind }: Manifest['object'], file: string): Promise<{ plural: string; namespaced: boolean }> {
    let known = this.resources.get(apiVersion);
    if (!known) {
      const response = await this.transport.send({ method: 'GET', path: apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`, headers: { accept: 'application/json' } });
      const text = await textOf(response);
      known = response.status === 200 ? (JSON.parse(text) as { resources: Resource[] }).resources.filter(({ name }) => !name.includes('/')) : [];
      this.resources.set(apiVersion, known);
    }
    const found = known.find((resource) => resource.kind === kind);
    if (!found) throw new CliError(`${file}: no kind "${kind}" is served in version "${apiVersion}"; install its CRD first`);
    return { plural: found.name, namespaced: found.namespaced };
  }
}

const nameOf = ({ apiVersion, kind, metadata }: Manifest['object']): string => {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
  return `${kind.toLowerCase()}${group}/${metadata.name}`;
};

const messageOf = (text: string): string => {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text;
  }
};

/** The texts of `299 - "text"` headers. */
const warningsOf = ({ headers }: KubeResponse): string[] =>
  [...(headers['warning'] ?? '').matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1'));
