import type { Node, Pod, TopologySpreadConstraint } from 'kubernetes-types/core/v1.js';
import type { NodeClaim } from '../../api/nodeclaim.js';
import type { InstanceType } from '../../cloud/instance-type.js';
import { readCatalogues } from './catalogue-files.js';
import type { CatalogueFiles } from './catalogue-files.js';
import { InputError } from './input-error.js';
import type { Input, InputMember } from './input-reader.js';
import type { InputObject } from './object-reader.js';
import { anything, count, flag, listOf, mapOf, name, oneOf, record, text, time } from './shape.js';
import type { Shape } from './shape.js';

/** The operator's settings and the provider's facts that bear on scheduling; all optional. */
export interface QuestionOptions {
  readonly preferencePolicy?: 'Respect' | 'Ignore';
  readonly minValuesPolicy?: 'Strict' | 'BestEffort';
  readonly now?: string;
  /** Beyond Karpenter's own. */
  readonly wellKnownLabels?: readonly string[];
  readonly maxInstanceTypes?: number;
  readonly schedulerConfig?: { readonly podTopologySpread?: { readonly defaultConstraints?: readonly TopologySpreadConstraint[] } };
  readonly featureGates?: Readonly<Record<string, boolean>>;
  readonly unsupportedProvisioners?: readonly string[];
  readonly unsupportedTopologyKeys?: readonly string[];
  /** Old label keys and their current ones, beyond our own. */
  readonly normalizedLabels?: Readonly<Record<string, string>>;
  /** By label key: old values and their current ones. */
  readonly normalizedLabelValues?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Labels, and domains of labels, that pods must not require. */
  readonly restrictedLabels?: readonly string[];
  readonly restrictedLabelDomains?: readonly string[];
}

/** What a machine was to the operator's memory where that differed from the API. */
export interface QuestionNode {
  readonly name: string;
  readonly markedForDeletion?: boolean;
  readonly nominatedUntil?: string;
  readonly stateNode?: Node;
  readonly stateNodeClaim?: NodeClaim;
}

/** What the operator remembered beside the API's objects. */
export interface QuestionState {
  /** Every machine that it knew, where anything is known to differ. */
  readonly nodes?: readonly QuestionNode[];
  /** Given: `nodes` is complete, and what is not in it was not known. */
  readonly needsStateReasons?: readonly string[];
  /** Pods, or their names, that stand for DaemonSets: by the name of these, or as a list. */
  readonly daemonSetPods?: Readonly<Record<string, string | Pod>> | readonly (string | Pod)[];
  readonly daemonSetPodObjects?: readonly Pod[] | Readonly<Record<string, Pod>>;
  /** Pods of CapacityBuffers, which the API does not have. */
  readonly virtualPods?: readonly (string | Pod)[];
  readonly fromDeletingNodes?: readonly string[];
}

/** What is asked: where these pods should run. */
export interface Question {
  readonly name: string;
  readonly options: QuestionOptions;
  readonly objects: readonly InputObject[];
  /** By NodePool; `*` for those without their own. */
  readonly instanceTypes: ReadonlyMap<string, readonly InstanceType[]>;
  /** `namespace/name` of the pods to place, in this order; undefined: all that are pending. */
  readonly pending: readonly string[] | undefined;
  readonly state: QuestionState;
}

const OPTIONS: Readonly<Record<keyof QuestionOptions, Shape>> = {
  preferencePolicy: oneOf('Respect', 'Ignore'),
  minValuesPolicy: oneOf('Strict', 'BestEffort'),
  now: time,
  wellKnownLabels: listOf(name),
  maxInstanceTypes: count,
  schedulerConfig: record({ podTopologySpread: record({ defaultConstraints: listOf(record({ maxSkew: count, topologyKey: name, whenUnsatisfiable: oneOf('DoNotSchedule', 'ScheduleAnyway') }, 'maxSkew', 'topologyKey', 'whenUnsatisfiable')) }) }),
  featureGates: mapOf(flag),
  unsupportedProvisioners: listOf(name),
  unsupportedTopologyKeys: listOf(name),
  normalizedLabels: mapOf(text),
  normalizedLabelValues: mapOf(mapOf(text)),
  restrictedLabels: listOf(text),
  restrictedLabelDomains: listOf(text),
};

const options = record(OPTIONS);
const state = record({ nodes: listOf(record({ name, markedForDeletion: flag, nominatedUntil: time }, 'name')), needsStateReasons: listOf(anything) });

function member<T>(question: ReadonlyMap<string, InputMember>, key: string, shape: Shape, absent: T): T {
  const found = question.get(key);
  if (found === undefined || found.value === null) return absent;
  try {
    shape(found.value, []);
  } catch (error) {
    throw error instanceof InputError ? error.within(found.source) : error;
  }
  return found.value as T;
}

/** The question that a file asks; `otherwise` is what can be launched if the file does not say. Throws an {@link InputError}. */
export async function questionOf(input: Input, catalogues: CatalogueFiles, otherwise?: Question['instanceTypes']): Promise<Question> {
  const members = input.question as ReadonlyMap<string, InputMember>;
  const types = members.get('instanceTypes');
  const instanceTypes = types ? await readCatalogues(types.value, types.source, [], catalogues) : otherwise;
  if (instanceTypes === undefined) throw new InputError(['instanceTypes'], 'is missing: say what can be launched, here or with --catalogue or --region');
  const question: Question = {
    name: member(members, 'name', text, input.path),
    options: member<QuestionOptions>(members, 'options', options, {}),
    objects: input.objects,
    instanceTypes,
    pending: member<readonly string[] | undefined>(members, 'pending', listOf(text), undefined),
    state: await withBufferPods(member<QuestionState>(members, 'clusterState', state, {}), input.objects),
  };
  member(members, 'objects', listOf(anything), []);
  checkNames(question);
  checkPending(question, members.get('pending'));
  return question;
}

/** Pods of buffers that are given by name only, made of their buffers. */
async function withBufferPods(given: QuestionState, objects: readonly InputObject[]): Promise<QuestionState> {
  const { virtualPods = [] } = given;
  if (!virtualPods.some((pod) => typeof pod === 'string')) return given;
  const known = podNames(objects);
  const made = new Map((await import('./buffer-pods.js')).bufferPods(objects, () => undefined).map((pod) => [`${pod.metadata?.namespace}/${pod.metadata?.name}`, pod]));
  return { ...given, virtualPods: virtualPods.map((pod) => (typeof pod === 'string' && !known.has(pod) ? made.get(pod) ?? pod : pod)) };
}

const podNames = (objects: readonly InputObject[]): Set<string> =>
  new Set(objects.filter(({ kind }) => kind === 'Pod').map(({ metadata }) => `${metadata.namespace ?? 'default'}/${metadata.name}`));

/** An API server has no two objects of one name. */
function checkNames({ objects }: Question): void {
  const seen = new Map<string, number>();
  objects.forEach(({ apiVersion, kind, metadata: { namespace = '', name: named } }, index) => {
    const key = `${apiVersion} ${kind} ${namespace}/${named}`;
    const first = seen.get(key);
    if (first !== undefined) throw new InputError(['objects', index], `${kind} ${namespace}/${named} is there twice, first as objects[${first}]`);
    seen.set(key, index);
  });
}

function checkPending({ pending, objects, state: { virtualPods = [] } }: Question, source: InputMember | undefined): void {
  if (pending === undefined || source === undefined) return;
  const known = podNames(objects);
  for (const pod of virtualPods) if (typeof pod !== 'string') known.add(`${pod.metadata?.namespace}/${pod.metadata?.name}`);
  const seen = new Set<string>();
  pending.forEach((pod, index) => {
    if (!known.has(pod)) throw new InputError([index], `${JSON.stringify(pod)} is no pod of objects; pods are named namespace/name`, source.source);
    if (seen.has(pod)) throw new InputError([index], `${JSON.stringify(pod)} is there twice`, source.source);
    seen.add(pod);
  });
}

/** Options that mean nothing here, for a warning. */
export const unknownOptions = ({ options: given }: Question): string[] => Object.keys(given).filter((key) => !(key in OPTIONS));
