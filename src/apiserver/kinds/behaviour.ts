import type { ApiObject, Cause, ResourceDefinition, StrategyContext, Subresource } from '../contracts.js';

/** What sets one built-in kind apart from a plain stored object. */
export interface KindBehaviour {
  /** Fields beyond the name and namespace that field selectors may use. */
  selectableFields?: ResourceDefinition['selectableFields'];
  nameFormat?: NonNullable<ResourceDefinition['nameFormat']>;
  /** The group that errors name; absent: its own. */
  groupInErrors?: string;
  /** The kind counts changes of its spec in `metadata.generation`. */
  tracksGeneration?: boolean;
  /** A create keeps the status that it brings. */
  keepsInitialStatus?: boolean;
  /** Put on an object when its deletion begins. */
  deletionFinalizer?: string;
  /** @throws {DecodeError} for what the Go struct that is kept cannot hold, though the one that clients know can. */
  checkDecoded?: (object: ApiObject) => void;
  setDefaults?: (object: ApiObject) => void;
  /** What Kubernetes' own admission plugins make of a new object. */
  admit?: (object: ApiObject, ctx: StrategyContext) => void;
  prepareForCreate?: (object: ApiObject, ctx: StrategyContext) => void;
  prepareForUpdate?: (object: ApiObject, previous: ApiObject, subresource: Subresource, ctx: StrategyContext) => void;
  /** What every object must be, new or changed. */
  validate?: (object: ApiObject) => Cause[];
  /** What a new object must be, on top of {@link validate}. */
  validateCreate?: (object: ApiObject) => Cause[];
  /** What an update may not do, on top of {@link validate}. */
  validateUpdate?: (object: ApiObject, previous: ApiObject, subresource: Subresource) => Cause[];
  /** What a change through a subresource other than `scale` may not do. */
  validateStatus?: (object: ApiObject, previous: ApiObject, subresource: Subresource) => Cause[];
  deprecationWarning?: string;
  warnings?: (object: ApiObject, previous: ApiObject | undefined, subresource: Subresource) => string[];
  fromStorage?: (object: ApiObject) => ApiObject;
  toStorage?: (object: ApiObject) => ApiObject;
}
