import type { KindRef, KubeObject } from '../kube/object.js';
import type { ValidationRule } from './json-schema.js';
import type { ColumnPlan, VersionPlan } from './plan.js';
import { recordClass, recordMember } from './records.js';
import type { KindClass, Plain } from './resource.js';
import type { Schema } from './schema.js';

interface ClassDecorator<Type extends abstract new () => unknown> {
  (target: Type): void;
  (target: Type, context: ClassDecoratorContext): void;
}

/** Where the fields of a part of an object are described: a class of `@Field`s, or a schema. */
export type SchemaSource<T> = () => (abstract new () => T) | Schema<T>;

interface SchemaOptions<Spec, Status> {
  /** Without it the kind has no `spec` beside the fields that the class itself declares. */
  spec?: SchemaSource<Spec>;
  /** Turns the status subresource on. Fields of status are never required: it is filled in piece by piece. */
  status?: SchemaSource<Status>;
  /** What `kubectl explain` says about the kind. */
  description?: string;
  /** What `kubectl explain` says about spec and status. */
  specDescription?: string;
  statusDescription?: string;
  /** Whether an object without spec is refused. Default: whether spec has required fields. */
  specRequired?: boolean;
  /** Where `kubectl scale` reads and writes. */
  scale?: NonNullable<VersionPlan['subresources']['scale']>;
  /** Whether the version is served. Default true. */
  served?: boolean;
  /** Clients that use a deprecated version get a warning, `deprecationWarning` or the API server's own. */
  deprecated?: boolean;
  deprecationWarning?: string;
}

/** A custom kind's CustomResourceDefinition, as far as the schema does not say it. */
export interface ResourceKindOptions<Spec, Status> extends SchemaOptions<Spec, Status> {
  group: string;
  /** The stored version. */
  version: string;
  kind: string;
  /** Default: the kind in lower case, in English plural. */
  plural?: string;
  singular?: string;
  scope: 'Cluster' | 'Namespaced';
  shortNames?: readonly string[];
  /** Groups of kinds that `kubectl get <category>` lists. */
  categories?: readonly string[];
  /**
   * How other versions are converted: by an embedded API server or a webhook with {@link ConvertsFrom}'s functions (default where there are other
   * versions), or not at all, as is right only if all versions have the same fields.
   */
  conversion?: 'None' | 'Webhook';
}

type KindOf<Spec, Status> = KubeObject & ([Spec] extends [never] ? unknown : { spec: Spec }) & ([Status] extends [never] ? unknown : { status: Status });

/** A custom kind, of which a CRD is generated. The class is its stored version. */
export const ResourceKind = <Spec = never, Status = never>(options: ResourceKindOptions<Spec, Status>): ClassDecorator<KindClass<KindOf<Spec, Status>>> =>
  (target: KindClass) => recordClass('ResourceKind', options, target);

/** A further served version of a custom kind. */
export interface VersionOptions<Spec, Status> extends SchemaOptions<Spec, Status> {
  /** The class of the stored version. */
  of: () => KindClass;
  version: string;
}

/** Another served version of a custom kind, with fields, columns and rules of its own. The stored version lists it by {@link ConvertsFrom}. */
export const Version = <Spec = never, Status = never>(options: VersionOptions<Spec, Status>): ClassDecorator<KindClass<KindOf<Spec, Status>>> =>
  (target: KindClass) => recordClass('Version', options, target);

/**
 * Pure functions between another version of the kind and the stored one. Only labels and annotations of the metadata may
 * change; apiVersion and kind are set for them. What one version cannot express goes into an annotation, so that nothing is lost.
 */
export const ConvertsFrom = <Older extends KubeObject, Stored extends KubeObject>(
  older: () => KindClass<Older>,
  functions: { upgrade: (older: Older) => Plain<Stored>; downgrade: (stored: Stored) => Plain<Older> },
): ClassDecorator<KindClass<Stored>> => (target: KindClass) => recordClass('ConvertsFrom', { older, ...functions }, target);

/** A kind that somebody else defines: Kubernetes' own, or another operator's. No CRD is generated. */
export const ForeignKind = (ref: KindRef & { statusSubresource?: boolean }): ClassDecorator<KindClass> =>
  (target: KindClass) => recordClass('ForeignKind', ref, target);

/** A column of `kubectl get`. */
export const Column = (column: ColumnPlan): ClassDecorator<KindClass> => (target: KindClass) => recordClass('Column', column, target);

interface ValidationDecorator {
  (target: object, property?: string): void;
  (value: undefined, context: ClassFieldDecoratorContext): void;
  (target: object, context: ClassDecoratorContext): void;
}

/**
 * A CEL rule. On a class it is about the object that the class describes: `self` is the whole object on a kind, the spec on
 * a spec class. On a property it is about the property.
 */
export const Validation = (rule: string, message: string, options: Omit<ValidationRule, 'rule' | 'message'> = {}): ValidationDecorator =>
  (target: object | undefined, place?: unknown): void => {
    const data: ValidationRule = { rule, message, ...options };
    if (typeof place === 'string' || (isContext(place) && place.kind === 'field')) recordMember('Validation', data, target, place);
    else recordClass('Validation', data, target as object);
  };

const isContext = (place: unknown): place is { kind: string } => typeof place === 'object' && place !== null && 'kind' in place;

/** Arrays that are not to be changed are the same on the wire as those that are. */
type Wire<T> = T extends readonly (infer Item)[] ? readonly Wire<Item>[] : T;
type IsAny<T> = 0 extends 1 & T ? true : false;
type Same<A, B> = IsAny<A> extends IsAny<B> ? ([Wire<A>] extends [Wire<B>] ? ([Wire<B>] extends [Wire<A>] ? true : false) : false) : false;
type IsOptional<Target, Name extends keyof Target> = Partial<Pick<Target, Name>> extends Pick<Target, Name> ? true : false;
/** What the compiler shows of a schema and a property that disagree. */
interface Disagreement<Schema, Property> { readonly '@Field: the schema says': Schema; readonly 'the property says': Property }
/** The property's name if the schema describes exactly its type, optionality included. */
type Described<Target, Name extends keyof Target, T, Optional extends boolean> =
  Same<Exclude<Target[Name], undefined>, T> extends true
    ? (IsOptional<Target, Name> extends Optional ? Name : Disagreement<Optional extends true ? 'optional()' : 'required', Optional extends true ? 'required: declare name: …' : 'optional: declare name?: …'>)
    : Disagreement<T, Exclude<Target[Name], undefined>>;

/** The legacy form is the last, as the compiler tells why the last one does not fit. */
interface FieldDecorator<T, Optional extends boolean> {
  <Owner, Value>(value: undefined, context: ClassFieldDecoratorContext<Owner, Value> & (Same<Exclude<Value, undefined>, T> extends true ? unknown : never)): void;
  <Target extends object, Name extends keyof Target & string>(target: Target, name: Name & Described<Target, Name, T, Optional>): void;
}

/** A field of an object: its schema has to agree with the property's type in both directions, or it does not compile. */
export const Field = <T, Optional extends boolean>(schema: Schema<T, Optional>): FieldDecorator<T, Optional> =>
  (target: unknown, place: unknown): void => recordMember('Field', schema, target, place);
