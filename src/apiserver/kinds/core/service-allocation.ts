import { BlockList } from 'node:net';
import type { Service, ServicePort, ServiceSpec } from 'kubernetes-types/core/v1.js';
import type { ApiObject, Random, Storage, StrategyContext } from '../../contracts.js';
import { at, child, type FieldError, invalid } from '../../schema/field-error.js';
import { canonicalIp, ipFamily } from '../../schema/ip-address.js';
import { invalid as invalidObject } from '../../status.js';
import { clusterAddressErrors } from '../validation/service.js';

/** New services get their addresses of this range, but not its last, and the first ones only when there are no others: those are for who names an address. */
const ADDRESS_PREFIX = '10.96';
const ADDRESSES = 65_535;
const NAMED_ADDRESSES = 256;
/** The same for ports on nodes. */
const FIRST_NODE_PORT = 30_000;
const NODE_PORTS = 2_768;
const NAMED_NODE_PORTS = 86;
const POLICY = 'spec.ipFamilyPolicy';

/** What a dry run shows as the next address and, one more each time, as the next port: nothing is taken from the pools. */
const FIRST_ADDRESS = `${ADDRESS_PREFIX}.0.0`;
const BEFORE_DRY_PORTS = 32_768;

type Pools = Pick<StrategyContext, 'storage' | 'random' | 'dryRun'>;

const specOf = (service: Service): ServiceSpec => service.spec ?? {};
const isName = ({ type }: ServiceSpec): boolean => type === 'ExternalName';
/** Whether its ports are open on nodes. */
export const usesNodePorts = ({ type }: ServiceSpec): boolean => type === 'NodePort' || type === 'LoadBalancer';
/** Whether load balancers ask nodes for the service's health. */
export const needsHealthCheck = ({ type, externalTrafficPolicy }: ServiceSpec): boolean => type === 'LoadBalancer' && externalTrafficPolicy === 'Local';

/**
 * Gives a new service the address and the ports that it lacks.
 * @throws {StatusError} Invalid: it names an address or a port that another one has, or wants what a cluster with IPv4 only cannot give.
 */
export function allocateForCreate(service: Service, pools: Pools): void {
  const spec = specOf(service);
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
  chooseFamilies(service, undefined);
  const others = othersThan(service, pools.storage);
  chooseAddress(service, others, pools);
  const ports = new NodePorts(service, others, pools);
  if (usesNodePorts(spec)) ports.open();
  if (needsHealthCheck(spec)) spec.healthCheckNodePort ||= ports.next();
}

/**
 * The same for a change: what had been allocated stays, unless the change names something else.
 * @throws {StatusError} as {@link allocateForCreate}.
 */
export function allocateForUpdate(service: Service, previous: Service, pools: Pools): void {
  const [spec, before] = [specOf(service), specOf(previous)];
  keepAllocated(spec, before);
  chooseFamilies(service, before);
  const others = othersThan(service, pools.storage);
  if (isName(before)) chooseAddress(service, others, pools);
  const ports = new NodePorts(service, others, pools);
  if (usesNodePorts(spec)) ports.reopen(before.ports ?? []);
  if (needsHealthCheck(spec) && !needsHealthCheck(before)) spec.healthCheckNodePort ||= ports.next(before.ports);
}

const refusal = (service: Service, ...errors: readonly FieldError[]): Error => invalidObject({ group: '', kind: 'Service' }, service.metadata?.name ?? '', errors);

const othersThan = (service: Service, storage: Storage): ServiceSpec[] =>
  (storage.list('services') as unknown as Service[]).filter(({ metadata }) => metadata?.uid !== service.metadata?.uid).map(specOf);

/** A client that knows only one of the two fields of the address, or no node ports, does not mean to change them. */
function keepAllocated(spec: ServiceSpec, before: ServiceSpec): void {
  if (!isName(before) && !isName(spec)) {
    spec.clusterIP ||= before.clusterIP ?? '';
    if (!spec.clusterIPs?.length && before.clusterIPs?.length) spec.clusterIPs = before.clusterIPs;
  }
  if (usesNodePorts(before) && usesNodePorts(spec)) {
    const used = (before.ports ?? []).map(({ nodePort }) => nodePort).filter((port) => port && spec.ports?.some(({ nodePort }) => nodePort === port));
    for (const port of spec.ports ?? []) {
      const known = before.ports?.find(({ name }) => (name ?? '') === (port.name ?? ''))?.nodePort;
      if (!port.nodePort && known && !used.includes(known)) port.nodePort = known;
    }
  }
  if (needsHealthCheck(before) && needsHealthCheck(spec) && before.healthCheckNodePort) spec.healthCheckNodePort ||= before.healthCheckNodePort;
  const sameList = String(spec.clusterIPs ?? []) === String(before.clusterIPs ?? []);
  if (spec.clusterIP && spec.clusterIP !== before.clusterIP && sameList) spec.clusterIPs = [spec.clusterIP];
}

/** Fills policy and families of addresses, as far as a cluster with IPv4 goes. */
function chooseFamilies(service: Service, before: ServiceSpec | undefined): void {
  const spec = specOf(service);
  if (isName(spec)) return;
  const anyEndpoints = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= before?.ipFamilyPolicy ?? (anyEndpoints ? 'RequireDualStack' : 'SingleStack');
  const malformed = clusterAddressErrors(spec);
  if (malformed.length > 0) throw refusal(service, ...malformed);
  const single = spec.ipFamilyPolicy === 'SingleStack';
  if (single && before && (spec.ipFamilies?.length ?? 0) > 1 && String(spec.ipFamilies) === String(before.ipFamilies)) spec.ipFamilies = spec.ipFamilies!.slice(0, 1);
  const errors: FieldError[] = [];
  const needsTwo = (what: string): FieldError => invalid(POLICY, spec.ipFamilyPolicy, `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`);
  if (single && spec.clusterIPs?.length === 2) errors.push(needsTwo('cluster IPs'));
  if (single && spec.ipFamilies?.length === 2) errors.push(needsTwo('IP families'));
  for (const [index, address] of (spec.clusterIPs ?? []).entries()) {
    if (address === 'None') break;
    if (index >= (spec.ipFamilies?.length ?? 0) && ipFamily(address) !== 4) errors.push(invalid(at('spec.clusterIPs', index), spec.clusterIPs, 'IPv6 is not configured on this cluster'));
  }
  if (errors.length > 0) throw refusal(service, ...errors);
  if (!spec.ipFamilies?.length) spec.ipFamilies = ['IPv4'];
  if (anyEndpoints) {
    if (spec.ipFamilies.length < 2 && !single) spec.ipFamilies = [...spec.ipFamilies, spec.ipFamilies[0] === 'IPv4' ? 'IPv6' : 'IPv4'];
    return;
  }
  if (spec.ipFamilyPolicy === 'RequireDualStack') errors.push(invalid(POLICY, spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'));
  for (const [index, family] of spec.ipFamilies.entries()) if (family !== 'IPv4') errors.push(invalid(at('spec.ipFamilies', index), family, 'not configured on this cluster'));
  if (errors.length > 0) throw refusal(service, ...errors);
}

function chooseAddress(service: Service, others: readonly ServiceSpec[], { storage, random, dryRun }: Pools): void {
  const spec = specOf(service);
  if (isName(spec) || spec.clusterIP === 'None') return;
  const taken = new Set(others.flatMap(({ clusterIPs, clusterIP }) => clusterIPs ?? [clusterIP ?? '']).map(canonicalIp));
  const refuse = (why: string): Error => refusal(service, invalid('spec.clusterIPs', spec.clusterIPs, `failed to allocate IP ${spec.clusterIP}: ${why}`));
  if (spec.clusterIP) {
    if (!rangesOf(storage).check(canonicalIp(spec.clusterIP))) throw refuse(dryRun ? `the provided IP (${canonicalIp(spec.clusterIP)}) is not in the valid range. The range of valid IPs is ${ADDRESS_PREFIX}.0.0/16` : 'the provided network does not match the current range');
    if (taken.has(canonicalIp(spec.clusterIP)) && !dryRun) throw refuse('provided IP is already allocated');
  }
  spec.clusterIP ||= dryRun ? FIRST_ADDRESS : free({ count: ADDRESSES, named: NAMED_ADDRESSES }, random, addressAt, taken);
  spec.clusterIPs = [spec.clusterIP];
}

/** What the cluster's ServiceCIDRs span. */
function rangesOf(storage: Storage): BlockList {
  const ranges = new BlockList();
  for (const { spec } of storage.list('servicecidrs.networking.k8s.io') as (ApiObject & { spec?: { cidrs?: string[] } })[]) {
    for (const [network = '', length] of (spec?.cidrs ?? []).map((cidr) => cidr.split('/'))) if (ipFamily(network) === 4) ranges.addSubnet(network, Number(length));
  }
  return ranges;
}

const addressAt = (index: number): string => `${ADDRESS_PREFIX}.${Math.floor(index / 256)}.${index % 256}`;

/** The ports on nodes that a service has, among those that others have. */
class NodePorts {
  private readonly spec: ServiceSpec;
  private readonly taken: Set<number | undefined>;
  /** Those that this write has got. */
  private readonly shown: number[] = [];

  constructor(private readonly service: Service, others: readonly ServiceSpec[], private readonly pools: Pools) {
    this.spec = specOf(service);
    this.taken = new Set(others.flatMap(({ ports = [], healthCheckNodePort }) => [...ports.map(({ nodePort }) => nodePort), healthCheckNodePort]));
  }

  /** Opens the ports of a new service; the same port of several protocols has one number. */
  open(): void {
    const opened = new Map<number, number>();
    for (const [index, port] of (this.spec.ports ?? []).entries()) {
      if (!port.nodePort && !this.wanted) continue;
      const shared = opened.get(port.port);
      if (shared === undefined) {
        const named = this.spec.ports?.find((other) => other.port === port.port && other.nodePort)?.nodePort;
        port.nodePort = named ? this.take(index, named) : this.next();
        opened.set(port.port, port.nodePort);
      } else if (!port.nodePort) port.nodePort = shared;
      else if (port.nodePort !== shared) this.take(index, port.nodePort);
    }
  }

  /** Opens those that a change adds. */
  reopen(before: readonly ServicePort[]): void {
    const own = new Set(before.map(({ nodePort }) => nodePort));
    for (const [index, port] of (this.spec.ports ?? []).entries()) {
      if (!port.nodePort) {
        if (this.wanted) port.nodePort = this.next(before);
      } else if (!own.has(port.nodePort)) {
        this.take(index, port.nodePort);
        own.add(port.nodePort);
      }
    }
  }

  /** A free one; never what the service had `before`. */
  next(before: readonly ServicePort[] = []): number {
    const port = this.pools.dryRun ? (this.shown.length > 0 ? Math.max(...this.shown) : BEFORE_DRY_PORTS) + 1 : free({ count: NODE_PORTS, named: NAMED_NODE_PORTS }, this.pools.random, (index) => FIRST_NODE_PORT + index, new Set([...this.taken, ...before.map(({ nodePort }) => nodePort)]));
    return this.add(port);
  }

  private get wanted(): boolean {
    return this.spec.type === 'NodePort' || this.spec.allocateLoadBalancerNodePorts !== false;
  }

  private take(index: number, port: number): number {
    const refuse = (why: string): Error => refusal(this.service, invalid(child(at('spec.ports', index), 'nodePort'), port, why));
    if (!this.pools.dryRun && (port < FIRST_NODE_PORT || port >= FIRST_NODE_PORT + NODE_PORTS)) throw refuse(`provided port is not in the valid range. The range of valid ports is ${FIRST_NODE_PORT}-${FIRST_NODE_PORT + NODE_PORTS - 1}`);
    if (this.taken.has(port)) throw refuse('provided port is already allocated');
    return this.add(port);
  }

  private add(port: number): number {
    this.taken.add(port);
    this.shown.push(port);
    return port;
  }
}

/** A free one of `count` choices, from a random start behind the `named` ones. When all are taken, the start itself. */
function free<T>({ count, named }: { count: number; named: number }, random: Random, choice: (index: number) => T, taken: ReadonlySet<unknown>): T {
  const start = named + Math.floor(random.next() * (count - named));
  for (let offset = 0; offset < count; offset += 1) {
    const candidate = choice((start + offset) % count);
    if (!taken.has(candidate)) return candidate;
  }
  return choice(start);
}
