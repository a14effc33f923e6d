import { parseResources } from '../../api/resources.js';
import type { ResourceList } from '../../api/resources.js';
import type { Requirement } from '../../api/requirement.js';
import type { InstanceType, Offering } from '../../cloud/instance-type.js';
import type { FieldPath } from './json-position.js';
import { requirement } from './object-shapes.js';
import { amount, flag, listOf, mapOf, name, quantity, record } from './shape.js';

/** An instance type as files have it. */
export interface InstanceTypeFile {
  readonly name: string;
  readonly capacity: ResourceList;
  readonly overhead?: ResourceList;
  readonly requirements?: readonly Requirement[];
  readonly offerings: readonly (Omit<Offering, 'available' | 'requirements' | 'capacityOverride' | 'overheadOverride'> & {
    readonly available?: boolean;
    readonly requirements?: readonly Requirement[];
    readonly capacityOverride?: ResourceList;
    readonly overheadOverride?: ResourceList;
  })[];
}

const quantities = mapOf(quantity);
const shape = record({
  name,
  capacity: quantities,
  overhead: quantities,
  requirements: listOf(requirement),
  offerings: listOf(record({
    price: amount, available: flag, requirements: listOf(requirement), reservationCapacity: amount, capacityOverride: quantities, overheadOverride: quantities,
  }, 'price')),
}, 'name', 'capacity', 'offerings');

/** Makes instance types of what files say of them: one object for each type, however many catalogues have it, and one for equal requirements. */
export class InstanceTypeReader {
  private readonly types = new WeakMap<InstanceTypeFile, InstanceType>();
  private readonly requirements = new Map<string, Requirement>();
  private readonly lists = new Map<string, readonly Requirement[]>();

  /** Throws an InputError. */
  read(value: unknown, path: FieldPath): InstanceType {
    const known = this.types.get(value as InstanceTypeFile);
    if (known) return known;
    shape(value, path);
    const file = value as InstanceTypeFile;
    const type: InstanceType = {
      name: file.name,
      requirements: this.list(file.requirements),
      capacity: parseResources(file.capacity),
      overhead: parseResources(file.overhead),
      offerings: file.offerings.map(({ price, available = true, requirements, reservationCapacity, capacityOverride, overheadOverride }) => ({
        requirements: this.list(requirements),
        price,
        available,
        ...(reservationCapacity === undefined ? {} : { reservationCapacity }),
        ...(capacityOverride ? { capacityOverride: parseResources(capacityOverride) } : {}),
        ...(overheadOverride ? { overheadOverride: parseResources(overheadOverride) } : {}),
      })),
    };
    this.types.set(file, type);
    return type;
  }

  private list(requirements: readonly Requirement[] = []): readonly Requirement[] {
    const key = JSON.stringify(requirements);
    let list = this.lists.get(key);
    if (list === undefined) {
      list = Object.freeze(requirements.map((each) => this.single(each)));
      this.lists.set(key, list);
    }
    return list;
  }

  private single(wanted: Requirement): Requirement {
    const key = JSON.stringify(wanted);
    let known = this.requirements.get(key);
    if (known === undefined) {
      known = Object.freeze(wanted.values ? { ...wanted, values: Object.freeze([...wanted.values]) } : { ...wanted });
      this.requirements.set(key, known);
    }
    return known;
  }
}
