import { BaseResource } from '../dsl/resource.js';

type Standard = 'apiVersion' | 'kind' | 'metadata' | 'spec' | 'status';

interface Wire { apiVersion?: string; kind?: string }

/** The fields of an object type beside its metadata; `spec` and `status` are always there on objects out of a store. */
type Fields<T extends Wire> = { [K in keyof T as K extends Standard ? never : K]: T[K] } &
  { apiVersion: NonNullable<T['apiVersion']>; kind: NonNullable<T['kind']> } &
  ('spec' extends keyof T ? { spec: NonNullable<T['spec']> } : unknown) &
  ('status' extends keyof T ? { status: NonNullable<T['status']> } : unknown);

/** The base of a class that stands for objects of a type of `kubernetes-types`. */
export const typed = <T extends Wire>(): abstract new () => BaseResource & Fields<T> => BaseResource as unknown as abstract new () => BaseResource & Fields<T>;
