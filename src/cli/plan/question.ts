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
  /** Pod, or its name, by the DaemonSet for which it stands. */
  readonly daemonSetPods?: Readonly<Record<string, string | Pod>>;
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
  normalizedLabels: mapOf(name),
  normalizedLabelValues: mapOf(mapOf(text)),
  restrictedLabels: listOf(name),
  restrictedLabelDomains: listOf(name),
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
    state: member<QuestionState>(members, 'clusterState', state, {}),
  };
  checkPending(question, members.get('pending'));
  return question;
}

function checkPending({ pending, objects, state: { virtualPods = [] } }: Question, source: InputMember | undefined): void {
  if (pending === undefined || source === undefined) return;
  const known = new Set(objects.filter(({ kind }) => kind === 'Pod').map(({ metadata }) => `${metadata.namespace ?? 'default'}/${metadata.name}`));
  for (const pod of virtualPods) known.add(typeof pod === 'string' ? pod : `${pod.metadata?.namespace}/${pod.metadata?.name}`);
  const seen = new Set<string>();
  pending.forEach((pod, index) => {
    if (!known.has(pod)) throw new InputError([index], `${JSON.stringify(pod)} is no pod of objects; pods are named namespace/name`, source.source);
    if (seen.has(pod)) throw new InputError([index], `${JSON.stringify(pod)} is there twice`, source.source);
    seen.add(pod);
  });
}

/** Options that mean nothing here, for a warning. */
export const unknownOptions = ({ options: given }: Question): string[] => Object.keys(given).filter((key) => !(key in OPTIONS));
