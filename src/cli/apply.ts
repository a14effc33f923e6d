import { groupVersionOf } from '../operator/index.js';
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

  /**
   * All of them or, when one of them is invalid, none: what they need that is among them (namespaces, CRDs) is made first, and taken
   * back. Throws a {@link CliError} that names every invalid one.
   */
  async apply(manifests: readonly Manifest[]): Promise<void> {
    const needed = manifests.filter(({ object: { kind } }) => kind === 'Namespace' || kind === 'CustomResourceDefinition');
    await this.check(needed);
    const made: Manifest[] = [];
    for (const manifest of needed) if ((await this.applied(manifest)).status === 201) made.push(manifest);
    try {
      await this.check(manifests);
    } catch (error) {
      for (const manifest of made.reverse()) await this.transport.send({ method: 'DELETE', path: await this.pathOf(manifest), headers: { accept: 'application/json' } });
      throw error;
    }
    for (const manifest of manifests) {
      const response = await this.applied(manifest);
      for (const warning of warningsOf(response)) this.warn(warning);
      this.print(`${nameOf(manifest.object)} ${response.status === 201 || made.includes(manifest) ? 'created' : 'configured'}`);
    }
  }

  private async check(manifests: readonly Manifest[]): Promise<void> {
    const problems: string[] = [];
    for (const manifest of manifests) {
      const response = await this.send(manifest, { dryRun: true });
      if (response.status >= 400) problems.push(problemOf(manifest, await textOf(response)));
    }
    if (problems.length > 0) throw new CliError(`nothing was applied:\n${problems.join('\n')}`);
  }

  private async applied(manifest: Manifest): Promise<KubeResponse> {
    const response = await this.send(manifest, { dryRun: false });
    const text = await textOf(response);
    if (response.status >= 400) throw new CliError(problemOf(manifest, text));
    return response;
  }

  /** Every text once. */
  private warn(text: string): void {
    if (!this.warned.has(text)) this.print(`Warning: ${text}`);
    this.warned.add(text);
  }

  /** One manifest, as a server-side apply that takes every field. Throws a {@link CliError} when nothing serves its kind. */
  async send(manifest: Manifest, { dryRun }: { dryRun: boolean }): Promise<KubeResponse> {
    return this.transport.send({
      method: 'PATCH',
      path: `${await this.pathOf(manifest)}?fieldManager=karpenter-ts&force=true&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`,
      headers: { 'content-type': 'application/apply-patch+yaml', accept: 'application/json' },
      body: JSON.stringify(manifest.object),
    });
  }

  private async pathOf({ file, object }: Manifest): Promise<string> {
    const { plural, namespaced } = await this.resourceOf(object, file);
    const base = object.apiVersion.includes('/') ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
    return `${base}${namespaced ? `/namespaces/${object.metadata.namespace ?? 'default'}` : ''}/${plural}/${object.metadata.name}`;
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
  const { group } = groupVersionOf(apiVersion);
  return `${kind.toLowerCase()}${group && `.${group}`}/${metadata.name}`;
};

const messageOf = (text: string): string => {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text;
  }
};

/** With the object's name, which not every message of the API server has. */
function problemOf({ file, object }: Manifest, text: string): string {
  const message = messageOf(text);
  return `${file}: ${message.includes(`"${object.metadata.name}"`) ? '' : `${object.kind} "${object.metadata.name}": `}${message}`;
}

/** The texts of `299 - "text"` headers. */
const warningsOf = ({ headers }: KubeResponse): string[] =>
  [...(headers['warning'] ?? '').matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1'));
