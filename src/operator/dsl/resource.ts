import type { Condition, KubeObject, ObjectMeta } from '../kube/object.js';

declare const conditionTypes: unique symbol;

/**
 * A kind whose fields beside `metadata` are its own (ConfigMap, Event). A class is a type and a token, never hydrated: objects
 * stay plain JSON. The phantom member carries the kind's condition types contravariantly, so that a decorator that asks for
 * one condition accepts every kind that has it.
 */
export abstract class BaseResource<Conditions extends string = never> implements KubeObject {
  declare apiVersion: string;
  declare kind: string;
  declare metadata: ObjectMeta;
  declare readonly [conditionTypes]?: (type: Conditions) => void;
}

/** A kind with `spec` and `status`, whose status may hold `Conditions`. */
export abstract class Resource<Spec, Status, Conditions extends string = never> extends BaseResource<Conditions> {
  declare spec: Spec;
  declare status: Status & { conditions?: Condition[] };
}

/** An object whose kind has at least these condition types. */
export interface WithConditions<Types extends string> extends KubeObject {
  readonly [conditionTypes]?: (type: Types) => void;
}

/** The condition types of a kind. */
export type ConditionsOf<T> = T extends { readonly [conditionTypes]?: (type: infer Types extends string) => void } ? Types : never;

/** The class of a kind, as a token for it. */
export type KindClass<T extends KubeObject = KubeObject> = abstract new () => T;

/** An object of a kind as the plain JSON that it is, without the phantom of its conditions. */
export type Plain<T> = { [K in keyof T as K extends string ? K : never]: T[K] };
