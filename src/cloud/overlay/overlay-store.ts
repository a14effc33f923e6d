import { Subject } from 'rxjs';
import { INSTANCE_TYPE_LABEL, normalizeLabel } from '../../api/labels.js';
import type { NodeOverlay } from '../../api/nodeoverlay.js';
import type { NodePool } from '../../api/nodepool.js';
import type { EventSource } from '../../operator/dsl/token.js';
import { CloudError } from '../errors.js';
import type { InstanceType } from '../instance-type.js';
import { OverlaidTypes } from './overlaid-types.js';
import type { OverlayEvaluation, OverlayRejection } from './overlay-evaluation.js';

/** Nothing may be planned or launched for a pool before it is known which overlays hold for it. */
export class UnevaluatedNodePool extends CloudError {
  constructor(readonly nodePool: string) {
    super('UnevaluatedNodePool', `nodepool "${nodePool}" is awaiting evaluation`);
  }
}

/** What NodeOverlays say of instance types. */
export interface InstanceTypeOverlays {
  /** The types as the pool has them; the same objects again as long as nothing changed. Throws {@link UnevaluatedNodePool}. */
  apply(pool: NodePool, instanceTypes: readonly InstanceType[]): readonly InstanceType[];
  /** USD an hour for a type that the cloud has no price of, if an overlay about nothing but instance types tells it. */
  priceOf(instanceType: string): number | undefined;
  /** Another text after every change of what {@link priceOf} says. */
  readonly pricesVersion: string;
}

export const InstanceTypeOverlays = Symbol.for('karpenter.InstanceTypeOverlays');

/** While the feature gate is off. */
export const NO_OVERLAYS: InstanceTypeOverlays = { apply: (_pool, instanceTypes) => instanceTypes, priceOf: () => undefined, pricesVersion: '' };

const NOTHING: OverlayEvaluation = { accepted: [], rejected: new Map() };
const identity = (overlays: readonly NodeOverlay[]): string => JSON.stringify(overlays.map(({ metadata: { name }, spec }) => [name, spec]));

/** The overlays in use since their last evaluation (karpenter-core §3.15). */
export class OverlayStore implements InstanceTypeOverlays, EventSource<void> {
  private readonly evaluations = new Subject<void>();
  private evaluation = NOTHING;
  private types = new OverlaidTypes([]);
  private evaluated: ReadonlySet<string> = new Set();
  private prices: ReadonlyMap<string, number> = new Map();
  pricesVersion = '';

  /** Tells of every evaluation. */
  readonly events = this.evaluations.asObservable();

  /**
   * Takes an evaluation into use. `pools`: all that there are; `evaluated`: those whose types went in. Returns whether that makes a
   * difference to any types.
   */
  update(evaluation: OverlayEvaluation, pools: readonly NodePool[], evaluated: readonly NodePool[]): boolean {
    const known = new Set(evaluated.map(({ metadata: { uid } }) => uid));
    const pending = [...known].some((uid) => !this.evaluated.has(uid));
    const changed = identity(evaluation.accepted) !== identity(this.evaluation.accepted);
    if (changed) {
      this.types = new OverlaidTypes(evaluation.accepted);
      this.prices = pricesOf(evaluation.accepted);
      this.pricesVersion = JSON.stringify([...this.prices]);
    }
    this.types.keep(pools);
    this.evaluated = new Set(pools.map(({ metadata: { uid } }) => uid).filter((uid) => known.has(uid) || this.evaluated.has(uid)));
    this.evaluation = evaluation;
    this.evaluations.next();
    return changed || pending;
  }

  apply(pool: NodePool, instanceTypes: readonly InstanceType[]): readonly InstanceType[] {
    if (!this.evaluated.has(pool.metadata.uid)) throw new UnevaluatedNodePool(pool.metadata.name);
    return this.types.of(pool, instanceTypes);
  }

  priceOf(instanceType: string): number | undefined {
    return this.prices.get(instanceType);
  }

  /** What became of an overlay as it is now; undefined before that is evaluated. */
  verdictOf({ metadata: { uid, generation } }: NodeOverlay): OverlayRejection | 'accepted' | undefined {
    const same = ({ metadata }: NodeOverlay): boolean => metadata.uid === uid && metadata.generation === generation;
    if (this.evaluation.accepted.some(same)) return 'accepted';
    return [...this.evaluation.rejected].find(([overlay]) => same(overlay))?.[1];
  }
}

/** Of several overlays the first one's price. */
function pricesOf(overlays: readonly NodeOverlay[]): Map<string, number> {
  const prices = new Map<string, number>();
  for (const { spec: { price, requirements: [only, ...others] } } of overlays) {
    if (price === undefined || only === undefined || others.length > 0 || normalizeLabel(only.key) !== INSTANCE_TYPE_LABEL || only.operator !== 'In') continue;
    for (const type of only.values ?? []) if (!prices.has(type)) prices.set(type, Number(price));
  }
  return prices;
}
