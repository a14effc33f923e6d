import type { KindClass } from '../dsl/resource.js';
import { token } from '../dsl/token.js';
import type { KubeObject } from '../kube/object.js';

/** What a service knows of an object that no condition says. */
export interface ExplanationNote {
  /** What it is about: `scheduling`, `disruption`. */
  readonly topic: string;
  /** In one sentence without a final period, if it belongs among what is the matter. */
  readonly finding?: string;
  /** For people, a line each, without final periods. */
  readonly lines: readonly string[];
  /** When it was found out, in milliseconds of the clock's time; now unless given. */
  readonly at?: number;
}

/** Adds to explanations of objects what only a service of the operator knows: its last verdict on a pod, for example. */
export interface ObjectExplainer {
  readonly kinds: readonly KindClass[];
  /** Reads what is there; must not write, wait or throw. */
  explain(object: KubeObject): readonly ExplanationNote[];
}

/** Services bound under this token are asked for whatever `explain` is asked about objects of their kinds. */
export const ObjectExplainer = token<ObjectExplainer>('karpenter-ts.ObjectExplainer');
