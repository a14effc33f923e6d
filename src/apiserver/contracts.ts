/** Anything JSON calls an object. */
export type JsonObject = Record<string, unknown>;

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** One manager's share of an object, as in `metadata.managedFields`. */
export interface ManagedFieldsEntry {
  manager?: string;
  operation?: 'Apply' | 'Update';
  apiVersion?: string;
  time?: string;
  fieldsType?: 'FieldsV1';
  fieldsV1?: JsonObject;
  subresource?: string;
}

/** Metadata as on the wire; timestamps are RFC 3339 strings in whole seconds. */
export interface Metadata {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
}

/** An object of any kind. Stored objects are frozen deep: copy before changing one. */
export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
  [field: string]: unknown;
}

/** The only source of time (structurally the operator's). */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  schedule(delay: number, callback: () => void): { cancel(): void };
}

/** The only source of randomness (structurally the operator's). */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  uuid(): string;
}

/** Why one field was refused; `details.causes[]` of a `Status`. */
export interface Cause {
  /** `FieldValueInvalid`, `FieldValueRequired`, `FieldValueNotSupported`, `FieldValueForbidden`, … */
  reason: string;
  /** Without the field: `Invalid value: "x": must be …`. */
  message: string;
  /** `spec.template.spec.containers[0].name` */
  field: string;
}

/**
 * What merging (strategic-merge patch, server-side apply) must know of a field. Absent `listType` on an array reads as
 * `atomic`, absent `mapType` as `granular`. Recursive types may be cyclic or lazy (getters).
 */
export interface SchemaNode {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  /** Of a map: the schema of every value. */
  readonly additionalProperties?: SchemaNode;
  readonly items?: SchemaNode;
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  /** Defaults of the keys of a `map` list, where leaving them out is allowed (`protocol: TCP`). */
  readonly keyDefaults?: Readonly<Record<string, unknown>>;
  readonly mapType?: 'atomic' | 'granular';
  /** Strategic merge: comma separated `merge`, `replace`, `retainKeys`. */
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
  /** Fields of a built-in struct that are there, empty, in every value of it: structs as `{}`, texts and numbers as their zero, and lists, maps and pointers as null. */
  readonly presentFields?: ReadonlyMap<string, unknown>;
}

/** A field that the schema does not know. */
export interface UnknownField {
  /** `spec.template.spec.containers[0].imagee` */
  readonly path: string;
  /** The field that was probably meant. */
  readonly suggestion?: string;
}

export interface ColumnDefinition {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  format: string;
  description: string;
  /** 0 is always shown; above 0 only with `-o wide`. */
  priority: number;
}

export interface TableColumns {
  readonly definitions: readonly ColumnDefinition[];
  /** One cell for each definition. `now` is for ages. */
  cells(object: ApiObject, now: number): unknown[];
  /** What a row says beside its cells, such as that a pod has ended; absent: nothing. */
  conditions?(object: ApiObject): readonly JsonObject[];
}

/** JSONPaths of the `scale` subresource, with their leading dot. `labelSelectorPath` may point to a string or a LabelSelector. */
export interface ScalePaths {
  specReplicasPath: string;
  statusReplicasPath: string;
  labelSelectorPath?: string;
}

/** `''` is the resource itself. */
export type Subresource = '' | 'status' | 'scale' | 'binding' | 'eviction' | 'log' | 'finalize' | 'approval' | 'ephemeralcontainers' | 'resize' | 'token' | 'exec' | 'attach' | 'portforward' | 'proxy';

/**
 * One resource in one version: how it is named, merged, validated and shown.
 *
 * The order of a write, all on a private copy: decode → {@link prune} → {@link setDefaults} → generic metadata, status separation and
 * generation (the REST layer's, from {@link statusSubresource} and {@link tracksGeneration}) → {@link prepareForCreate} or
 * {@link prepareForUpdate} → admission → {@link validate}, {@link validateUpdate} → {@link toStorage} → store.
 */
export interface ResourceDefinition {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** `create delete deletecollection get list patch update watch`, or fewer. */
  readonly verbs: readonly string[];
  readonly subresources: Readonly<Partial<Record<Exclude<Subresource, ''>, true>>> & { readonly scalePaths?: ScalePaths };
  /** Defined by a CRD: no strategic-merge patch; a conversion hook may apply. */
  readonly custom: boolean;
  /** Whether writes to the resource leave `status` alone, and writes to `status` all else. False: status is an ordinary field. */
  readonly statusSubresource: boolean;
  /** With {@link statusSubresource}: a create keeps the status that it brings (a kubelet registers its Node with one). Default false. */
  readonly keepsInitialStatus?: boolean;
  /** Put on an object when its deletion begins: somebody has to clean up after it. */
  readonly deletionFinalizer?: string;
  /** Whether `metadata.generation` is 1 at birth and counts changes of everything but metadata (and status, when separated). */
  readonly tracksGeneration: boolean;
  /** Where objects live: `plural.group` (`pods`, `events`, `deployments.apps`), shared by every version and alias. */
  readonly storageResource: string;
  /** `apiVersion` that objects are stored in. */
  readonly storageApiVersion: string;
  /** CRD with `conversion.strategy: Webhook`: other versions go through the embedder's {@link ConversionHook}. */
  readonly convertsByHook: boolean;
  /** Deprecation text for the `Warning` header of every request. */
  readonly deprecationWarning?: string;
  readonly schema: SchemaNode;
  readonly columns: TableColumns;
  /**
   * Fields beyond metadata.name and metadata.namespace that field selectors may use, as `path → value in this object`
   * (empty string for absent). Keys of `selectableFields` say what is supported.
   */
  readonly selectableFields: Readonly<Record<string, (object: ApiObject) => string>>;
  /**
   * Removes in place what the schema does not know, and returns it; `unknownFieldText` words it for errors and warnings.
   * Throws a {@link StatusError} (BadRequest) for types that cannot be decoded.
   */
  prune(object: ApiObject): readonly UnknownField[];
  /** Fills defaults in place. Nulls that a field of a custom resource does not allow, and that has no default, go, unless they are to be kept. */
  setDefaults(object: ApiObject, options?: { keepsNulls: boolean }): void;
  /** Custom resources: their definition is being deleted, so nothing new comes in. */
  readonly terminating?: boolean;
  /** Custom resources: prunes and defaults what storage had, by the schema of its version. */
  readStored?(object: ApiObject): void;
  /** Built-in kinds: writes what nobody mentioned, and leaves out what is empty, as their Go structs do. */
  complete?(object: ApiObject): void;
  /** Built-in kinds: makes of a valid object what storage would give back. */
  settle?(object: ApiObject): void;
  /** What Kubernetes' own admission makes of a new object, before webhooks see it; once more after they changed it. */
  admit?(object: ApiObject, ctx: StrategyContext): void;
  /** Kind-specific work at birth, in place (a pod's status.phase, a service's clusterIP). */
  prepareForCreate?(object: ApiObject, ctx: StrategyContext): void;
  prepareForUpdate?(object: ApiObject, previous: ApiObject, subresource: Subresource, ctx: StrategyContext): void;
  /** Problems of a new object; not those of the name and other metadata. */
  validate(object: ApiObject): readonly Cause[];
  /** Problems of a change (it includes what {@link validate} checks, with ratcheting). `warn` gets what was wrong before and is let be. */
  validateUpdate(object: ApiObject, previous: ApiObject, subresource: Subresource, warn: (text: string) => void): readonly Cause[];
  /** Texts for `Warning` headers about a valid object, or about a change of one. */
  warnings?(object: ApiObject, previous: ApiObject | undefined, subresource: Subresource): readonly string[];
  /** How names are checked; absent: DNS-1123 subdomain. */
  /** The group that errors name, where that is not the one in which the resource is served. */
  readonly groupInErrors?: string;
  readonly nameFormat?: 'dns1123subdomain' | 'dns1123label' | 'dns1035label' | 'pathSegment';
  /** Between this version and storage's, for built-in kinds with several; in place or new. Absent: only `apiVersion` differs. */
  fromStorage?(object: ApiObject): ApiObject;
  toStorage?(object: ApiObject): ApiObject;
}

export interface StrategyContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly storage: Storage;
  /** Nothing of the write is kept. */
  readonly dryRun?: boolean;
}

/** Knows every served resource: the built-in ones, and what CRDs add and take away. */
export interface ResourceRegistry {
  /** By the plural, as in the URL. */
  lookup(group: string, version: string, plural: string): ResourceDefinition | undefined;
  lookupKind(group: string, version: string, kind: string): ResourceDefinition | undefined;
  list(): readonly ResourceDefinition[];
  /** Called after every change; returns the unsubscribe. */
  onChange(listener: () => void): () => void;
}

export interface StorageEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** The cluster-wide revision that this event made; also the object's resourceVersion. */
  readonly revision: number;
  /** {@link ResourceDefinition.storageResource} */
  readonly resource: string;
  /** The object as it is now; for DELETED its last state, with the revision of the deletion. */
  readonly object: ApiObject;
  readonly previous?: ApiObject;
}

/**
 * Objects by resource, namespace (empty for cluster scope) and name, in their storage version. Synchronous: nothing
 * interleaves with a handler between its read and its write. Objects in and out are frozen.
 */
export interface Storage {
  readonly revision: number;
  get(resource: string, namespace: string, name: string): ApiObject | undefined;
  /** In order of namespace and name; every namespace when none is given. */
  list(resource: string, namespace?: string): ApiObject[];
  /** Stamps resourceVersion. Throws when the name is taken. */
  create(resource: string, object: ApiObject): ApiObject;
  /** Stamps resourceVersion; a write that changes nothing returns the stored object and makes no event. Throws when absent. */
  update(resource: string, object: ApiObject): ApiObject;
  /** Returns the last state with the deletion's resourceVersion, or undefined when there was none. */
  delete(resource: string, namespace: string, name: string): ApiObject | undefined;
  /** Listeners run synchronously, after the write, in order of revision. Returns the unsubscribe. */
  subscribe(listener: (event: StorageEvent) => void): () => void;
}

/** Conversion between the versions of one custom resource, as a conversion webhook does it. */
export interface ConversionHook {
  /** Same order and number as given; metadata other than labels and annotations must not change. */
  convert(objects: readonly ApiObject[], toApiVersion: string): Promise<ApiObject[]> | ApiObject[];
}

/** A document and how it is served. */
export interface DocumentAnswer {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
  /** Nobody looks at the method; absent: only GET is allowed. */
  anyMethod?: true;
  /** Media types of which clients have to take one; absent: the handler has seen to that. */
  offered?: readonly string[];
}

/** A read-only document endpoint (discovery, OpenAPI): undefined means "not mine". */
export type DocumentHandler = (request: {
  path: string;
  query: URLSearchParams;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
}) => DocumentAnswer | undefined;

/** How a list or a watch event becomes a `meta.k8s.io/v1` Table. */
export interface TableOptions {
  /** `?includeObject=`; default `Metadata`. */
  includeObject: 'None' | 'Metadata' | 'Object';
  /** The version of `meta.k8s.io` that was asked for. */
  version: string;
  now: number;
  /** `resourceVersion`, `continue`, `remainingItemCount` of the list. */
  listMetadata: JsonObject;
  /** False for every watch event but the first: column definitions are left out. */
  withColumns: boolean;
}
