import type { PodSpec } from 'kubernetes-types/core/v1.js';
import { createApiServer } from '../../apiserver/index.js';
import { templateSpec } from '../../cluster/template-spec.js';
import { groupVersionOf, handlerTransport, systemClock, systemRandom } from '../../operator/index.js';
import type { KubeTransport } from '../../operator/index.js';
import { hookOf } from '../../sandbox/sandbox.js';
import { Applier, textOf } from '../apply.js';
import { CliError } from '../cli-error.js';
import { karpenterCrds, karpenterKinds } from '../manifests.js';
import type { Manifest } from '../manifest-files.js';
import { InputError } from './input-error.js';
import type { SourceText } from './input-error.js';
import type { FieldPath } from './json-position.js';
import type { InputObject } from './object-reader.js';

/** Kinds of which manifests only have what a controller or a kubelet wrote: nothing is to be filled in. */
const TAKEN_AS_THEY_ARE = new Set(['/Node', 'karpenter.sh/NodeClaim']);

interface Refusal {
  readonly message: string;
  readonly details?: { readonly causes?: readonly { readonly field?: string; readonly message: string }[] };
}

/** `spec.containers[0].name` as a path. */
const pathOf = (field: string): FieldPath => [...field.matchAll(/\[(\d+)\]|\[([^\]]*)\]|([^.[\]]+)/g)].map(([, index, key, name]) => (index === undefined ? (key ?? name) as string : Number(index)));

/** Objects as an API server would hand them out after they were applied: checked, converted to the stored version, with defaults. */
export class Admission {
  private constructor(private readonly transport: KubeTransport, private readonly note: (text: string) => void) {}

  /** Starts an API server in this process that knows Karpenter's kinds. */
  static async start(note: (text: string) => void): Promise<Admission> {
    const server = createApiServer({
      clock: systemClock({ background: true }), random: systemRandom, certificateAuthority: '', taintsNewNodes: false,
      conversions: Object.fromEntries(karpenterKinds().map((kind) => [`${kind.plural}.${kind.group}`, hookOf(kind)])),
    });
    const admission = new Admission(handlerTransport(server), note);
    for (const crd of karpenterCrds()) await admission.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd);
    return admission;
  }

  private async create(path: string, body: object): Promise<void> {
    await textOf(await this.transport.send({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }));
  }

  /** In the given order. Throws an {@link InputError} for the first that would be refused. */
  async admit(objects: readonly InputObject[], sourceOf: (object: InputObject) => SourceText | undefined): Promise<InputObject[]> {
    const applier = new Applier(this.transport, this.note);
    for (const namespace of new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []))) {
      await this.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    }
    const specs = new Map<object, PodSpec>();
    const admitted: InputObject[] = [];
    for (const object of objects) {
      const kind = `${groupVersionOf(object.apiVersion).group}/${object.kind}`;
      if (kind === '/Pod') admitted.push(withDefaults(object, specs));
      else if (TAKEN_AS_THEY_ARE.has(kind)) admitted.push(object);
      else admitted.push(...await this.applied(applier, object, sourceOf(object)));
    }
    return admitted;
  }

  /** What a live object had from its own server stays with it, and is not sent. */
  private async applied(applier: Applier, object: InputObject, source: SourceText | undefined): Promise<InputObject[]> {
    const { name, namespace, labels, annotations, ...byServer } = object.metadata;
    const { status, ...rest } = object;
    const manifest = { file: '', object: { ...rest, metadata: { name, ...(namespace === undefined ? {} : { namespace }), labels, annotations } } } as unknown as Manifest;
    let text: string;
    try {
      const response = await applier.send(manifest, { dryRun: false });
      text = await textOf(response);
      if (response.status >= 400) throw refused(JSON.parse(text) as Refusal, source);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      this.note(`${object.kind} ${name} is left out: no such kind is known here`);
      return [];
    }
    const stored = await this.stored(JSON.parse(text) as InputObject);
    return [{ ...stored, metadata: { ...stored.metadata, ...byServer }, ...(status ? { status } : {}) }];
  }

  /** The same object in the version in which we read its kind. */
  private async stored(object: InputObject): Promise<InputObject> {
    const kind = karpenterKinds().find((each) => each.kind === object.kind && each.group === groupVersionOf(object.apiVersion).group);
    if (kind === undefined || object.apiVersion === `${kind.group}/${kind.version}`) return object;
    const scope = object.metadata.namespace === undefined ? '' : `/namespaces/${object.metadata.namespace}`;
    const response = await this.transport.send({ method: 'GET', path: `/apis/${kind.group}/${kind.version}${scope}/${kind.plural}/${object.metadata.name}`, headers: { accept: 'application/json' } });
    return JSON.parse(await textOf(response)) as InputObject;
  }
}

/** Limits count as requests where there are none; pods of one workload go on sharing their spec. */
function withDefaults(pod: InputObject, specs: Map<object, PodSpec>): InputObject {
  const spec = pod.spec as object;
  let completed = specs.get(spec);
  if (completed === undefined) {
    completed = templateSpec(spec as PodSpec);
    specs.set(spec, completed);
  }
  return { ...pod, spec: completed as unknown as Record<string, unknown> };
}

function refused({ message, details }: Refusal, source: SourceText | undefined): InputError {
  const [cause] = details?.causes ?? [];
  const field = cause?.field ?? / \.(\S+): field not declared/.exec(message)?.[1];
  return new InputError(field === undefined ? [] : pathOf(field), cause?.message ?? message, source);
}
