import type { Duration } from '../duration.js';
import type { KindRef, KubeObject } from '../kube/object.js';
import type { AdmissionOperation } from './admission.js';
import type { JSONSchemaProps } from './json-schema.js';
import type { KindClass } from './resource.js';
import type { ObjectChange } from './predicate.js';
import type { EventSource, Token } from './token.js';

/** What a reconciler is constructed from; an Inversify service identifier. */
export type ReconcilerClass = abstract new (...args: never[]) => object;

/** A column of `kubectl get`. */
export interface ColumnPlan {
  readonly name: string;
  readonly jsonPath: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly description?: string;
  /** Columns above 0 show with `-o wide` only. */
  readonly priority?: number;
}

/** One served version of a custom kind. */
export interface VersionPlan {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated?: boolean;
  readonly deprecationWarning?: string;
  /** Schema of the whole object. */
  readonly schema: JSONSchemaProps;
  readonly columns: readonly ColumnPlan[];
  readonly subresources: {
    readonly status: boolean;
    readonly scale?: { readonly specReplicasPath: string; readonly statusReplicasPath: string; readonly labelSelectorPath?: string };
  };
  /** Pure functions from and to the stored version; absent where only the apiVersion differs. */
  readonly toStorage?: (object: KubeObject) => KubeObject;
  readonly fromStorage?: (object: KubeObject) => KubeObject;
}

/** What a kind is. Core kinds have no `definition`: nobody generates a CRD for them. */
export interface KindPlan extends KindRef {
  readonly type: KindClass;
  /** Whether status is written through its own subresource. */
  readonly statusSubresource: boolean;
  readonly definition?: {
    readonly singular: string;
    readonly shortNames: readonly string[];
    readonly categories: readonly string[];
    /** The stored version first, then the others, newest first. */
    readonly versions: readonly VersionPlan[];
    readonly conversion: 'None' | 'Webhook';
  };
}

/** A step of a reconciler. Steps stand in an order in which every one follows what it depends on. */
export interface StepPlan {
  readonly method: string;
  /** The condition that the step owns; undefined for work without a condition. */
  readonly condition?: string;
  readonly dependsOn: readonly string[];
  readonly blocked: 'unknown' | 'propagate';
  readonly blockedMessage?: string;
  readonly latch: boolean;
  /** Whether it runs for objects that are being deleted, too. */
  readonly whileDeleting: boolean;
  /** Milliseconds after which it runs again although nothing changed. */
  readonly every?: number;
  /** Whether the object has this step at all; always when absent. */
  readonly enabled?: (object: KubeObject, reconciler: object) => boolean;
  readonly optional: boolean;
  readonly failedReason?: string | ((error: Error) => string | undefined);
}

/** The condition that sums the others up: True iff all are, False as soon as one is at the current generation, else Unknown. */
export interface RootPlan {
  readonly type: string;
  readonly dependents: readonly string[];
  /** Those of other reconcilers that may be switched off: they count only while the object has them. */
  readonly tentative: readonly string[];
}

/** A method that runs once when a condition was not True in time; `within` counts from its last transition. */
export interface DeadlinePlan {
  readonly method: string;
  readonly condition: string;
  readonly within: (object: KubeObject, reconciler: object) => Duration;
}

/** A method that runs for objects being deleted, and the entry of `metadata.finalizers` that makes them wait for it. */
export interface FinalizerPlan {
  readonly method: string;
  readonly name: string;
}

/** A method that turns errors of its class into an outcome, and the classes of error that it takes. */
export interface CatchPlan {
  readonly method: string;
  readonly errors: readonly (abstract new (...args: never[]) => Error)[];
}

/** A secondary kind, and the mapper from its objects to the keys that they wake. */
export interface WatchPlan {
  /** The mapper; called with the object and a MapContext, on the old and the new object of an update. */
  readonly method: string;
  readonly kind: KindPlan;
  readonly when?: (change: ObjectChange) => boolean;
  readonly priority: number;
  /** Milliseconds. */
  readonly debounce?: number;
  /** The kind's CRD may be absent, come and go. */
  readonly optional: boolean;
  readonly metadataOnly: boolean;
}

/** A secondary kind whose changes wake the controller that its owner references name. */
export interface OwnedKindPlan {
  readonly kind: KindPlan;
  readonly when?: (change: ObjectChange) => boolean;
  readonly optional: boolean;
  readonly metadataOnly: boolean;
}

/** A source of events from outside Kubernetes, and the mapper from its events to keys. */
export interface EventSourcePlan {
  /** The mapper; called with the event and a MapContext. */
  readonly method: string;
  readonly source: Token<EventSource<unknown>>;
}

/** The delay after failures. */
export interface BackoffPlan {
  /** Milliseconds; doubled at every failure up to `max`. */
  readonly base: number;
  readonly max: number;
  /** Fraction of the delay that randomness may add. */
  readonly jitter: number;
}

/** A rule of RBAC beside those that follow from the plan. */
export interface RuleDeclaration {
  groups: readonly string[];
  resources: readonly string[];
  verbs: readonly string[];
  resourceNames?: readonly string[];
  /** Only in this namespace, by a Role of it. Default: in the whole cluster. */
  namespace?: string;
  /** Why the rule is needed. */
  why: string;
}

/**
 * How many keys run at once: a number, or so many for every CPU, within `min` and `max`. With `first`, that many for the first CPU, and
 * `perCpu`, rounded down together, for all others.
 */
export type Concurrency = number | { perCpu: number; min: number; max: number; first?: number };

interface ControllerPlan {
  readonly type: ReconcilerClass;
  readonly name: string;
  readonly watches: readonly WatchPlan[];
  readonly eventSources: readonly EventSourcePlan[];
  /** Kinds that are read without being watched for: they get an informer, and wake nobody. */
  readonly reads: readonly KindPlan[];
  readonly rules: readonly RuleDeclaration[];
  readonly backoff: BackoffPlan;
  /** Milliseconds after which a run's signal aborts. */
  readonly timeout?: number;
}

/** A compiled `@Reconciler`. */
export interface ReconcilerPlan extends ControllerPlan {
  readonly kind: KindPlan;
  /** Which changes of the primary kind wake a key; all without it. */
  readonly when?: (change: ObjectChange) => boolean;
  readonly concurrency: Concurrency;
  readonly rate?: { readonly qps: number; readonly burst: number };
  readonly priority: (object: KubeObject) => number;
  readonly fairBy?: (object: KubeObject) => string | undefined;
  /** Fraction by which rechecks may be late, so that they spread; deadlines are exact. */
  readonly jitter: number;
  readonly order: 'ordered' | 'parallel';
  readonly steps: readonly StepPlan[];
  readonly deadlines: readonly DeadlinePlan[];
  readonly finalizers: readonly FinalizerPlan[];
  readonly catches: readonly CatchPlan[];
  readonly owns: readonly OwnedKindPlan[];
  /** Methods that say whether an object is ours. */
  readonly predicates: readonly string[];
  /** The root condition and all conditions of the kind that it counts, those of other reconcilers included. */
  readonly root?: RootPlan;
  /** Type of the Events about transitions: `Warning` for those to False (`byOutcome`), `Normal` for all, or none. */
  readonly settles: boolean;
  readonly transitionEvents: 'byOutcome' | 'normal' | 'none';
  /** Conditions of the kind that steps of other reconcilers own: this one never writes them, except to initialise. */
  readonly foreignConditions: readonly string[];
}

/** A compiled `@Singleton`. */
export interface SingletonPlan extends ControllerPlan {
  /** Milliseconds between the end of a tick and the next; undefined for a batch without a heartbeat. */
  readonly every?: number;
  /** Fraction of `every` that randomness may add. */
  readonly jitter: number;
  /** Whether the first tick comes at once rather than after `every`. */
  readonly immediate: boolean;
  /** The method that a tick calls. */
  readonly method: string;
  /** The window over triggers, when the method is a batch: `idle` ms after the last, at most `max` ms after the first. */
  readonly batch?: { readonly window: (singleton: object) => { idle: Duration; max: Duration } };
}

/** Converts objects of one kind; what an embedded API server calls in the place of a conversion webhook. */
export interface Conversion {
  /** Throws a ConversionError. The objects are not changed. */
  convert<T extends object>(objects: readonly T[], toApiVersion: string): T[];
}

/** A method that judges or fills in objects on their way to storage. */
export interface AdmissionHandlerPlan {
  readonly type: ReconcilerClass;
  readonly method: string;
  readonly operations: readonly AdmissionOperation[];
}

/** An admission webhook: what the API server asks about objects of one kind, and who answers. */
export interface WebhookPlan {
  readonly action: 'Validating' | 'Mutating';
  readonly kind: KindPlan;
  /** `validate.nodepools.karpenter.sh` */
  readonly name: string;
  /** `/validate-karpenter-sh-v1-nodepool` */
  readonly path: string;
  readonly operations: readonly AdmissionOperation[];
  readonly failurePolicy: 'Fail' | 'Ignore';
  /** Milliseconds */
  readonly timeout: number;
  /** They run in this order. */
  readonly handlers: readonly AdmissionHandlerPlan[];
}

/** A kind that needs an informer. */
export interface InformerPlan {
  readonly kind: KindPlan;
  readonly optional: boolean;
  /** Whether everybody who watches it makes do with metadata. */
  readonly metadataOnly: boolean;
}

/** Everything that a set of classes declares, validated and frozen. The runtime, the manifests and the docs read only this. */
export interface Plan {
  /** Custom kinds first; then the others that a class names. */
  readonly kinds: readonly KindPlan[];
  readonly reconcilers: readonly ReconcilerPlan[];
  readonly singletons: readonly SingletonPlan[];
  readonly informers: readonly InformerPlan[];
  readonly webhooks: readonly WebhookPlan[];
  /** Conversions between the versions of the kinds that have several, by the name of the CRD (`nodepools.karpenter.sh`). */
  readonly conversions: Readonly<Record<string, Conversion>>;
}
