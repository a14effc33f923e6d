import type { Container, EphemeralContainer, PodSpec } from 'kubernetes-types/core/v1.js';

/** What is judged: a pod, or what a template makes of one. */
export interface Subject {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
}

/** Why a pod is not allowed. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

/** One rule of a level. */
export interface PodCheck {
  /** Under which a stricter rule replaces it; the order in which violations are told. */
  readonly id: string;
  /** The first minor version of Kubernetes 1 that has it; default 0. */
  readonly since?: number;
  /** The rules of the level below that it stands for. */
  readonly replaces?: readonly string[];
  /** @param minor the version of the policy, Kubernetes 1's minor. */
  check(subject: Subject, minor: number): Violation | undefined;
}

/** Any container of a pod, as far as rules look at it. */
export type AnyContainer = Container & Partial<EphemeralContainer>;

export const containersOf = ({ initContainers = [], containers, ephemeralContainers = [] }: PodSpec): AnyContainer[] => [...initContainers, ...(containers ?? []), ...ephemeralContainers] as AnyContainer[];
export const plural = (count: number, one: string, many = `${one}s`): string => (count === 1 ? one : many);
export const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');
export const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort();
/** `container "a"`, or `containers "a", "b"`. */
export const named = (containers: readonly AnyContainer[]): string => `${plural(containers.length, 'container')} ${quoted(containers.map(({ name }) => name))}`;
/** Who set something: the pod, some of its containers, or both. */
export const setters = (pod: boolean, containers: readonly AnyContainer[]): string => [...(pod ? ['pod'] : []), ...(containers.length > 0 ? [named(containers)] : [])].join(' and ');
/** Whether root in its containers is nobody on the node. */
export const hasOwnUsers = (spec: PodSpec): boolean => spec.hostUsers === false;
export const isWindows = (spec: PodSpec): boolean => spec.os?.name === 'windows';
