import type { Pod } from 'kubernetes-types/core/v1.js';
import { podConstraints } from '../../scheduling/pod-constraints.js';
import type { Question, QuestionOptions } from './question.js';

/** Fields whose keys are labels of other things than nodes. */
const NOT_OF_NODES = new Set(['labelSelector', 'namespaceSelector', 'selector', 'annotations', 'taints', 'startupTaints', 'tolerations']);
/** Fields that are maps by label. */
const LABEL_MAPS = new Set(['labels', 'nodeSelector']);

type Rename = (key: string, values: readonly string[]) => { key: string; values: readonly string[] };

function renamer({ normalizedLabels = {}, normalizedLabelValues = {} }: QuestionOptions): Rename {
  return (given, values) => {
    const key = normalizedLabels[given] ?? given;
    const renamed = normalizedLabelValues[key];
    return { key, values: renamed ? values.map((value) => renamed[value] ?? value) : values };
  };
}

/** A copy in which everything that is said about nodes' labels is said in their current words. */
function renamed<T>(value: T, rename: Rename): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each: unknown) => renamed(each, rename)) as T;
  const copy: Record<string, unknown> = {};
  for (const [field, each] of Object.entries(value)) {
    if (NOT_OF_NODES.has(field)) copy[field] = each;
    else if (LABEL_MAPS.has(field) && each) copy[field] = Object.fromEntries(Object.entries(each as Record<string, string>).map(([key, label]) => {
      const { key: current, values: [currentValue] } = rename(key, [label]);
      return [current, currentValue];
    }));
    else copy[field] = renamed(each, rename);
  }
  if (typeof copy['key'] !== 'string') return copy as T;
  const { key, values } = rename(copy['key'], (copy['values'] as string[] | undefined) ?? []);
  return { ...copy, key, ...(copy['values'] ? { values } : {}) } as T;
}

/** The question with a provider's further names of labels and values replaced by the current ones. */
export function withCurrentLabels(question: Question): Question {
  const { options, objects, instanceTypes } = question;
  if (!options.normalizedLabels && !options.normalizedLabelValues) return question;
  const rename = renamer(options);
  return {
    ...question,
    objects: objects.map((object) => (object.kind === 'Pod' ? { ...object, ...(object.spec ? { spec: renamed(object.spec, rename) } : {}) } : renamed(object, rename))),
    instanceTypes: new Map([...instanceTypes].map(([pool, types]) => [pool, renamed(types, rename)])),
  };
}

/** Why a pod is left to others because of labels that a provider forbids beyond Karpenter's own rules. */
export function forbiddenLabels(pod: Pod, { restrictedLabels = [], restrictedLabelDomains = [] }: QuestionOptions, wellKnown: ReadonlySet<string>): string[] {
  if (restrictedLabels.length === 0 && restrictedLabelDomains.length === 0) return [];
  const { nodeSelector, required } = podConstraints(pod, []);
  const isForbidden = (key: string): boolean => {
    const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
    return !wellKnown.has(key) && (restrictedLabels.includes(key) || restrictedLabelDomains.some((each) => domain === each || domain.endsWith(`.${each}`)));
  };
  return [...new Set([...nodeSelector, ...required.flat()].map(({ key }) => key).filter(isForbidden))].map((key) => `label ${key} is restricted`);
}
