import type { NodeCondition, Taint } from 'kubernetes-types/core/v1.js';
import { INSTANCE_TYPE_LABEL, REGION_LABEL, ZONE_ID_LABEL, ZONE_LABEL } from '../../../api/labels.js';
import { sameTaint } from '../../../api/taints.js';
import type { Machines, SandboxInstance } from '../../aws/instance.js';
import type { Node } from '../model/kinds.js';
import { conditionOf } from '../model/pods.js';
import { isMachine } from '../model/machine.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';

const NAME = 'cloud-node-controller';
const LIFECYCLE_NAME = 'cloud-node-lifecycle-controller';

export const UNINITIALIZED_TAINT: Taint = { key: 'node.cloudprovider.kubernetes.io/uninitialized', effect: 'NoSchedule', value: 'true' };
const SHUTDOWN_TAINT: Taint = { key: 'node.cloudprovider.kubernetes.io/shutdown', effect: 'NoSchedule' };

/** How often nodes that are not ready are compared with their machines. */
const LIFECYCLE_PERIOD = 5_000;

/** What the cloud knows of a node, by the machine. */
export function cloudFacts({ instanceId, instanceType, availabilityZone, privateIp, privateDnsName }: SandboxInstance, region: string, zoneId: string | undefined, hostname: string = privateDnsName) {
  return {
    providerID: `aws:///${availabilityZone}/${instanceId}`,
    labels: {
      [INSTANCE_TYPE_LABEL]: instanceType,
      'beta.kubernetes.io/instance-type': instanceType,
      [ZONE_LABEL]: availabilityZone,
      'failure-domain.beta.kubernetes.io/zone': availabilityZone,
      [REGION_LABEL]: region,
      'failure-domain.beta.kubernetes.io/region': region,
      ...(zoneId === undefined ? {} : { [ZONE_ID_LABEL]: zoneId }),
      'k8s.io/cloud-provider-aws': 'sandbox',
    },
    addresses: [
      { type: 'InternalIP', address: privateIp },
      { type: 'InternalDNS', address: privateDnsName },
      { type: 'Hostname', address: hostname },
    ],
  };
}

export interface CloudNodeOptions {
  machines: Machines;
  region: string;
  zoneIds: Readonly<Record<string, string>>;
  /** By which API servers find the kubelets; default: the machines' own. */
  hostname?: string | undefined;
}

/** The cloud controller manager's part: tells new nodes who they are, and removes nodes whose machine is gone. */
export class CloudNodeController implements Component {
  readonly #worker: KeyedWorker;
  /** By instance id; of a name, only the machine that had it last. */
  readonly #machines = new Map<string, SandboxInstance>();
  readonly #byName = new Map<string, string>();
  #unsubscribe: () => void = () => undefined;

  constructor(
    private readonly ctx: ComponentContext,
    private readonly options: CloudNodeOptions,
  ) {
    this.#worker = workerOf(ctx, NAME, (name) => this.#sync(name));
  }

  start(): void {
    const { nodes } = this.ctx.informers;
    nodes.on(({ object }) => this.#worker.enqueue(object.metadata.name));
    for (const node of nodes.list()) this.#worker.enqueue(node.metadata.name);
    this.#unsubscribe = this.options.machines.subscribe((machine) => {
      const { instanceId, privateDnsName } = machine;
      if (machine.state === 'terminated') {
        this.#machines.delete(instanceId);
        if (this.#byName.get(privateDnsName) === instanceId) this.#byName.delete(privateDnsName);
      } else {
        this.#machines.set(instanceId, machine);
        this.#byName.set(privateDnsName, instanceId);
      }
      if (nodes.get(privateDnsName)) this.#worker.enqueueAfter(privateDnsName, LIFECYCLE_PERIOD);
    });
  }

  stop(): void {
    this.#unsubscribe();
    this.#worker.stop();
  }

  #machineOf({ spec, metadata }: Node): SandboxInstance | undefined {
    return this.#machines.get(spec.providerID?.split('/').at(-1) ?? this.#byName.get(metadata.name) ?? '');
  }

  async #sync(name: string): Promise<number | undefined> {
    const { informers, writer, events } = this.ctx;
    const node = informers.nodes.get(name);
    if (!node) return undefined;
    const machine = this.#machineOf(node);
    const taints = node.spec.taints ?? [];
    if (machine && taints.some((taint) => sameTaint(taint, UNINITIALIZED_TAINT))) {
      const facts = cloudFacts(machine, this.options.region, this.options.zoneIds[machine.availabilityZone], this.options.hostname);
      const initialized = await writer.patch<Node>(informers.nodes, node, {
        metadata: { resourceVersion: node.metadata.resourceVersion, labels: facts.labels },
        spec: { providerID: facts.providerID, taints: taints.filter((taint) => !sameTaint(taint, UNINITIALIZED_TAINT)) },
      });
      await writer.patchStatus(informers.nodes, initialized, { addresses: facts.addresses });
      events.record(NAME, node, 'Normal', 'Synced', 'Node synced successfully');
      return undefined;
    }
    // Other nodes were made by hand, or belong to another cloud.
    if (node.metadata.deletionTimestamp || !isMachine(node) || conditionOf<NodeCondition>(node.status.conditions, 'Ready')?.status === 'True') return undefined;
    if (!machine) {
      events.record(LIFECYCLE_NAME, node, 'Normal', 'DeletingNode', `Deleting node ${name} because it does not exist in the cloud provider`);
      await writer.delete(informers.nodes, node);
      return undefined;
    }
    const down = machine.state === 'shutting-down' || machine.state === 'stopping' || machine.state === 'stopped';
    if (down !== taints.some((taint) => sameTaint(taint, SHUTDOWN_TAINT))) {
      const others = taints.filter((taint) => !sameTaint(taint, SHUTDOWN_TAINT));
      await writer.patch(informers.nodes, node, { metadata: { resourceVersion: node.metadata.resourceVersion }, spec: { taints: down ? [...others, SHUTDOWN_TAINT] : others } });
    }
    return LIFECYCLE_PERIOD;
  }
}
