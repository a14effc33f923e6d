import type { Cache } from '../context.js';
import type { Duration } from '../duration.js';
import type { KubeObject } from '../kube/object.js';
import { recordMember } from './records.js';
import type { KindClass } from './resource.js';

/** What a client asked for, in the words of `AdmissionReview`. `CONNECT` is not offered: it has no object. */
export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE';

/** What an admission method is asked about, beside the object. */
export interface Admission<T extends KubeObject = KubeObject> {
  readonly operation: AdmissionOperation;
  /** What is stored; absent for CREATE. For DELETE it is the object itself. */
  readonly old?: T;
  /** Nothing will be stored: leave no traces elsewhere. */
  readonly dryRun: boolean;
  readonly user: { readonly username: string; readonly groups: readonly string[] };
  /** Aborts when the API server has stopped waiting. */
  readonly signal: AbortSignal;
  readonly cache: Cache;
  /** Shows the user a warning; the request goes on. */
  readonly warn: (message: string) => void;
}

/** What is wrong with one field. */
export interface FieldProblem {
  /** `spec.template.spec.expireAfter` */
  readonly field: string;
  readonly message: string;
  /** The value that is wrong; absent: not shown. */
  readonly value?: unknown;
}

/** Nothing: the object is fine. A text (403) or what is wrong with fields (422) refuses the request. */
export type AdmissionVerdict = void | undefined | string | FieldProblem | readonly (string | FieldProblem)[];

/** Which requests a `@Validates` or `@Defaults` method is asked about. */
export interface AdmissionOptions {
  /** Default: CREATE and UPDATE. */
  operations?: readonly AdmissionOperation[];
  /** What becomes of requests while no replica answers: refused (`Fail`, the default), or let through. */
  failurePolicy?: 'Fail' | 'Ignore';
  /** How long the API server waits, 1s to 30s. Default 10s. */
  timeout?: Duration;
}

interface AdmissionDecorator<T extends KubeObject, Result> {
  (target: object, name: string, descriptor: { readonly value?: (object: T, admission: Admission<T>) => Result }): void;
  (method: (object: T, admission: Admission<T>) => Result, context: ClassMethodDecoratorContext): void;
}

const admission = (decorator: string, data: object) => (target: unknown, place: unknown): void => recordMember(decorator, data, target, place);

/** The method judges objects of a kind before they are stored. It may stand in a reconciler, or in a class of its own. */
export const Validates = <T extends KubeObject>(kind: KindClass<T>, options: AdmissionOptions = {}): AdmissionDecorator<T, AdmissionVerdict | Promise<AdmissionVerdict>> =>
  admission('Validates', { kind, ...options });

/**
 * The method fills in objects of a kind before they are validated and stored: it changes its private copy, or returns another. It
 * has to be idempotent, as it sees its own result again.
 */
export const Defaults = <T extends KubeObject>(kind: KindClass<T>, options: AdmissionOptions & { operations?: readonly Exclude<AdmissionOperation, 'DELETE'>[] } = {}): AdmissionDecorator<T, T | void | Promise<T | void>> =>
  admission('Defaults', { kind, ...options });
