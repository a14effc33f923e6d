import { isAlreadyExists } from '../../../operator/kube/errors.js';
import { microTime } from '../../../operator/kube/time.js';
import type { SandboxInstance } from '../../aws/instance.js';
import { EBS_DRIVER } from '../controllers/volume-plan.js';
import type { Node } from '../model/kinds.js';
import { withCondition } from '../model/set-condition.js';
import type { ComponentContext } from '../shell/component.js';
import { nodeConditions, READY } from './node-object.js';
import type { nodeObject } from './node-object.js';

const LEASE_SECONDS = 40;
const LEASE_NAMESPACE = 'kube-node-lease';
const REGISTER_RETRY = 5_000;
/** Volumes that a machine can attach beside its own disks and interfaces. */
const ATTACHABLE_VOLUMES = 25;

const ownedBy = ({ metadata: { name, uid } }: Node) => [{ apiVersion: 'v1', kind: 'Node', name, uid }];

/** What a kubelet writes about its node: the Node itself, its lease, its status and its CSI drivers. */
export class NodeReporter {
  constructor(
    private readonly ctx: ComponentContext,
    private readonly machine: SandboxInstance,
    private readonly print: (line: string) => void,
    private readonly wait: (delay: number) => Promise<void>,
  ) {}

  get #name(): string {
    return this.machine.privateDnsName;
  }

  /**
   * Registers. A Node that bears the name already is taken over if it is this machine's (the kubelet was restarted): labels follow,
   * taints stay. One of a former machine with the same address must go first.
   */
  async register(wanted: ReturnType<typeof nodeObject>): Promise<Node> {
    const { informers, writer } = this.ctx;
    for (;;) {
      try {
        const created = await writer.create(informers.nodes, wanted);
        // Servers that keep status apart from creation get it separately.
        return created.status.capacity ? created : await writer.patch<Node>(informers.nodes, created, { status: wanted.status }, { subresource: 'status' });
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
      const existing = informers.nodes.get(this.#name);
      if (existing?.spec.providerID === wanted.spec.providerID) {
        await writer.patch<Node>(informers.nodes, existing, { metadata: { labels: wanted.metadata.labels } });
        return writer.patch<Node>(informers.nodes, existing, { status: wanted.status }, { subresource: 'status' });
      }
      this.print(`kubelet: Unable to register node with API server: nodes "${this.#name}" already exists`);
      await this.wait(REGISTER_RETRY);
    }
  }

  /** Renews the lease, or makes it. A node that is `ready` and that others took for lost says so. */
  async beat(ready: boolean): Promise<void> {
    const { informers, writer, clock } = this.ctx;
    const node = informers.nodes.get(this.#name);
    const lease = informers.leases.get(`${LEASE_NAMESPACE}/${this.#name}`);
    const renewTime = microTime(clock.now());
    if (lease) await writer.patch(informers.leases, lease, { spec: { renewTime } });
    else if (node) {
      const metadata = { name: this.#name, namespace: LEASE_NAMESPACE, ownerReferences: ownedBy(node) };
      await writer.create(informers.leases, { metadata, spec: { holderIdentity: this.#name, leaseDurationSeconds: LEASE_SECONDS, renewTime } });
    }
    if (ready && node?.status.conditions?.find(({ type }) => type === 'Ready')?.status !== 'True') await this.post(READY);
  }

  /** Posts the conditions; nothing when the Node was deleted. */
  async post(ready: Parameters<typeof nodeConditions>[0]): Promise<void> {
    const { informers, writer, clock } = this.ctx;
    const node = informers.nodes.get(this.#name);
    if (!node) return;
    let { conditions } = node.status;
    for (const condition of nodeConditions(ready, clock.now())) conditions = withCondition(conditions, condition, clock.now());
    await writer.patchStatus(informers.nodes, node, { conditions });
  }

  /** Tells which volumes the node can attach. */
  async registerDriver(node: Node): Promise<void> {
    const { informers, writer } = this.ctx;
    const driver = { name: EBS_DRIVER, nodeID: this.machine.instanceId, topologyKeys: ['topology.kubernetes.io/zone'], allocatable: { count: ATTACHABLE_VOLUMES } };
    try {
      await writer.create(informers.csiNodes, { metadata: { name: this.#name, ownerReferences: ownedBy(node) }, spec: { drivers: [driver] } });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
}
