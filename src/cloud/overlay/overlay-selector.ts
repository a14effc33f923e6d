import { NODEPOOL_LABEL, normalizeLabel } from '../../api/labels.js';
import type { NodeOverlay } from '../../api/nodeoverlay.js';
import type { NodePool } from '../../api/nodepool.js';
import type { Requirement } from '../../api/requirement.js';
import { Requirements } from '../../api/requirements.js';
import { parseResources } from '../../api/resources.js';
import type { Resources } from '../../api/resources.js';
import type { InstanceType, Offering } from '../instance-type.js';
import { requirementsOf } from '../parsed-requirements.js';

/** Heaviest first; equally heavy ones by name downwards, as Karpenter takes them. */
export const inOrder = (overlays: readonly NodeOverlay[]): NodeOverlay[] =>
  [...overlays].sort((a, b) => weightOf(b) - weightOf(a) || (a.metadata.name < b.metadata.name ? 1 : -1));

export const weightOf = ({ spec }: NodeOverlay): number => spec.weight ?? 0;

/** What every node of a pool carries, whichever type it is. */
function poolLabels({ metadata, spec: { template } }: NodePool): Record<string, string> {
  const { group, kind, name } = template.spec.nodeClassRef;
  return { ...template.metadata?.labels, [NODEPOOL_LABEL]: metadata.name, [`${group}/${kind.toLowerCase()}`]: name };
}

/** An overlay, prepared for many comparisons. */
export class OverlaySelector {
  readonly setsPrice: boolean;
  readonly capacity: Resources;
  private readonly requirements: Requirements;
  /** By the list of requirements that an offering shares with others like it. */
  private readonly answers = new WeakMap<readonly Requirement[], boolean>();

  /** Throws an InvalidQuantity for a capacity that validation would have refused. */
  constructor(readonly overlay: NodeOverlay) {
    const { requirements, price, priceAdjustment, capacity } = overlay.spec;
    this.requirements = Requirements.of(...requirements);
    this.setsPrice = price !== undefined || priceAdjustment !== undefined;
    this.capacity = parseResources(capacity);
  }

  keys(): Iterable<string> {
    return this.requirements.keys();
  }

  /** Whether nodes with these labels can be meant at all. */
  mayMean(labels: Requirements): boolean {
    return labels.intersects(this.requirements);
  }

  /** The offerings of a type that the overlay is about, on nodes with these labels beside the type's; none if it is not about the type. */
  offeringsOf(type: InstanceType, labels: Requirements): readonly Offering[] {
    const own = requirementsOf(type);
    for (const [key, wanted] of this.requirements) {
      const [first, second] = [own, labels].filter((side) => side.has(key)).map((side) => side.get(key));
      // Unlike pods, overlays do not hope for labels that are not known yet.
      const fits = first === undefined ? wanted.allowsAbsence : (second === undefined ? first : first.intersect(second)).agrees(wanted);
      if (!fits) return [];
    }
    return type.offerings.filter((offering) => this.takes(offering));
  }

  private takes({ requirements }: Offering): boolean {
    let answer = this.answers.get(requirements);
    if (answer === undefined) this.answers.set(requirements, answer = this.requirements.compatible(requirementsOf({ requirements })));
    return answer;
  }
}

/** The labels of pools that make a difference to a set of overlays: pools alike in them have the same overlays on the same types. */
export class RelevantLabels {
  private readonly keys: ReadonlySet<string>;

  constructor(selectors: readonly OverlaySelector[]) {
    this.keys = new Set(selectors.flatMap((selector) => [...selector.keys()]));
  }

  of(pool: NodePool): { key: string; requirements: Requirements } {
    const labels = Object.entries(poolLabels(pool)).filter(([label]) => this.keys.has(normalizeLabel(label))).sort(([a], [b]) => (a < b ? -1 : 1));
    return { key: JSON.stringify(labels), requirements: Requirements.fromLabels(Object.fromEntries(labels)) };
  }
}
