import { AwsError } from '../protocol/error.js';
import { hashId } from './identifiers.js';
import type { Tags } from './tags.js';
import { zonesOf, type Zone } from './zones.js';

export interface Vpc {
  readonly id: string;
  readonly cidr: string;
  readonly tags: Tags;
}

export interface SecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly vpc: Vpc;
  readonly tags: Tags;
}

/** AWS keeps the first four addresses of a subnet and the last one. */
const RESERVED_LOW = 4;
const RESERVED = 5;

export class Subnet {
  readonly id: string;
  private readonly used = new Set<number>();
  private readonly base: number;
  private readonly size: number;
  private next = RESERVED_LOW;

  constructor(readonly vpc: Vpc, readonly zone: Zone, readonly cidr: string, readonly publicAddresses: boolean, readonly tags: Tags) {
    const [address, bits] = cidr.split('/') as [string, string];
    this.base = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
    this.size = 2 ** (32 - Number(bits));
    this.id = hashId('subnet', `${vpc.id} ${cidr}`);
  }

  get freeAddresses(): number {
    return this.size - RESERVED - this.used.size;
  }

  /** Throws InsufficientFreeAddressesInSubnet when all are taken. */
  takeAddress(): string {
    if (this.freeAddresses < 1) {
      throw new AwsError(
        'InsufficientFreeAddressesInSubnet',
        `There are not enough free addresses in subnet '${this.id}' to satisfy the requested number of instances.`,
      );
    }
    while (this.used.has(this.next)) this.next = this.next + 2 >= this.size ? RESERVED_LOW : this.next + 1;
    const offset = this.next;
    this.used.add(offset);
    // Going on from the last one keeps a dead machine's address unused for long, as DHCP would.
    this.next = offset + 2 >= this.size ? RESERVED_LOW : offset + 1;
    const address = this.base + offset;
    return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
  }

  returnAddress(address: string): void {
    this.used.delete(address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0) - this.base);
  }
}

/** The account's VPCs, subnets and security groups. */
export class Network {
  readonly zones: readonly Zone[];
  readonly vpcs = new Map<string, Vpc>();
  readonly subnets = new Map<string, Subnet>();
  readonly securityGroups = new Map<string, SecurityGroup>();

  constructor(region: string) {
    this.zones = zonesOf(region);
  }

  addVpc(cidr: string, tags: Record<string, string>): Vpc {
    const vpc = { id: hashId('vpc', JSON.stringify(tags)), cidr, tags: new Map(Object.entries(tags)) };
    this.vpcs.set(vpc.id, vpc);
    return vpc;
  }

  addSubnet(vpc: Vpc, zone: Zone, cidr: string, { publicAddresses, tags }: { publicAddresses: boolean; tags: Record<string, string> }): Subnet {
    const subnet = new Subnet(vpc, zone, cidr, publicAddresses, new Map(Object.entries(tags)));
    this.subnets.set(subnet.id, subnet);
    return subnet;
  }

  addSecurityGroup(vpc: Vpc, name: string, description: string, tags: Record<string, string>): SecurityGroup {
    const group = { id: hashId('sg', `${vpc.id} ${name}`), name, description, vpc, tags: new Map(Object.entries(tags)) };
    this.securityGroups.set(group.id, group);
    return group;
  }

  /** Throws InvalidSubnetID.NotFound. */
  subnet(id: string): Subnet {
    const subnet = this.subnets.get(id);
    if (!subnet) throw new AwsError('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`);
    return subnet;
  }

  /** Throws InvalidGroup.NotFound. */
  securityGroup(id: string): SecurityGroup {
    const group = this.securityGroups.get(id);
    if (!group) throw new AwsError('InvalidGroup.NotFound', `The security group '${id}' does not exist`);
    return group;
  }
}
