import type { Pod } from 'kubernetes-types/core/v1.js';
import type { DraftNode } from './draft-node.js';
import { HostLoad } from './host-rules.js';
import { movableTo } from './movable-pods.js';
import type { Item } from './packing-stock.js';
import type { PodClass } from './pod-class.js';
import type { PodKinds } from './pod-kinds.js';
import type { Pool } from './pool.js';
import type { Kept } from './repack.js';
import { addTo } from './resource-vector.js';
import type { Run } from './run.js';

/** Instance types that a launch names at most: nodes keep as many to choose from as they would have had, up to this. */
const MOST_ALTERNATIVES = 60;

/** An item that pods still come to. */
interface OpenItem extends Item {
  readonly pods: Pod[];
  alternatives: number;
}

/** Some of a pool's nodes, taken apart. */
export class TakenApart {
  readonly untouched: DraftNode[] = [];
  readonly kept: Kept[] = [];
  /** USD an hour. */
  price = 0;
  /** Nodes that are taken apart. */
  count = 0;
  private readonly items = new Map<string, OpenItem>();

  constructor(private readonly pool: Pool, private readonly run: Run, private readonly kinds: PodKinds) {}

  /** Most valuable first. */
  sorted(): Item[] {
    return [...this.items.values()].sort((a, b) => b.value - a.value);
  }

  add(draft: DraftNode): void {
    if (draft.hasPorts) {
      this.untouched.push(draft);
      return;
    }
    this.price += this.pool.cheapest(draft.rows, draft.requirements);
    this.count += 1;
    const { topology, resources } = this.run;
    const alternatives = Math.min(MOST_ALTERNATIVES, this.pool.typeCount(draft.rows));
    const totals = new Float64Array(resources.length);
    const hosts = new HostLoad();
    const staying: Pod[] = [];
    draft.pods.forEach((pod, index) => {
      const podClass = draft.classes[index] as PodClass;
      const kind = this.kinds.of(podClass);
      const requirements = movableTo(podClass, draft, topology);
      if (requirements === undefined) {
        addTo(totals, kind.vector, 1);
        hosts.add(kind.hosts, 1);
        staying.push(pod);
        return;
      }
      const key = `${kind.name} ${requirements.id}`;
      const item = this.items.get(key) ?? { requirements, hosts: kind.hosts, vector: kind.vector, value: kind.value, pods: [], alternatives: 0 };
      item.pods.push(pod);
      item.alternatives = Math.max(item.alternatives, alternatives);
      this.items.set(key, item);
    });
    if (staying.length > 0) this.kept.push({ requirements: draft.requirements, totals, hosts, alternatives, pods: staying });
  }
}
