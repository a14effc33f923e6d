import { setMaxListeners } from 'node:events';
import { isAlreadyExists } from '../../operator/kube/errors.js';
import { KubeClient } from '../../operator/kube/client.js';
import type { KubeObject, ObjectKey } from '../../operator/kube/object.js';
import type { Mirror } from '../../operator/kube/reflector.js';
import { Reflector } from '../../operator/kube/reflector.js';
import { AttachDetachController } from './controllers/attach-detach-controller.js';
import { CronJobController } from './controllers/cron-job-controller.js';
import { DaemonSetController } from './controllers/daemon-set-controller.js';
import { DeploymentController } from './controllers/deployment-controller.js';
import { DisruptionBudgetController } from './controllers/disruption-budget-controller.js';
import { EbsAttacher } from './controllers/ebs-attacher.js';
import { EbsProvisioner } from './controllers/ebs-provisioner.js';
import { EndpointSliceController } from './controllers/endpoint-slice-controller.js';
import { EndpointSliceMirroringController } from './controllers/endpoint-slice-mirroring-controller.js';
import { EndpointsController } from './controllers/endpoints-controller.js';
import { JobController } from './controllers/job-controller.js';
import { ReplicaSetController } from './controllers/replica-set-controller.js';
import { StatefulSetController } from './controllers/stateful-set-controller.js';
import { VolumeController } from './controllers/volume-controller.js';
import { CONTROLLERS } from './controller-names.js';
import type { ControllerName } from './controller-names.js';
import { ForeignPods } from './foreign-pods.js';
import { Kubelets } from './kubelet/kubelets.js';
import { seedKind } from './model/kinds.js';
import { CloudNodeController } from './nodes/cloud-node-controller.js';
import { NodeLifecycleController } from './nodes/node-lifecycle-controller.js';
import { PodGarbageCollector } from './nodes/pod-garbage-collector.js';
import { TaintEvictionController } from './nodes/taint-eviction-controller.js';
import { createPodLogs } from './pod-logs.js';
import type { ClusterIdentity, SandboxCluster, SandboxClusterOptions } from './sandbox-cluster.js';
import { Scheduler } from './scheduler/scheduler.js';
import { clusterSeed } from './seed.js';
import { ComponentEvents } from './shell/component-events.js';
import type { Component, ComponentContext } from './shell/component.js';
import type { Informer } from './shell/informer.js';
import { createInformers } from './shell/informers.js';
import { Writer } from './shell/writer.js';
import { systemMachine, withMachine } from './system-machine.js';
import { createMetrics } from './usage.js';
import { messageOf } from './shell/message-of.js';

/** EKS gives cluster DNS the tenth address of the service range. */
const DNS_CLUSTER_IP = '10.100.0.10';

/** A reflector's view of an informer. */
const mirrorOf = <T extends KubeObject>(informer: Informer<T>): Mirror<T> => ({
  get: (key: ObjectKey) => informer.get(key),
  keys: () => informer.keys(),
  set(object) {
    informer.observe(object);
    return false;
  },
  delete(_key, last) {
    informer.observeDeletion(last);
    return false;
  },
  listed: (resourceVersion) => informer.listed(resourceVersion),
});

/**
 * Makes the living parts of a cluster around an API server. Nothing runs before `start`; after `stop` nothing does any more. All waiting
 * is on the given clock.
 */
export function createCluster(options: SandboxClusterOptions): SandboxCluster {
  const { transport, clock, random, region, zoneIds = {}, report = () => undefined, dnsClusterIp = DNS_CLUSTER_IP, systemNode = true, seed = [], controllers = CONTROLLERS, kubelets: endpoint } = options;
  const client = new KubeClient(transport, { clock, random, userAgent: 'karpenter-ts-sandbox', fieldManager: 'sandbox-cluster' });
  const informers = createInformers();
  const ctx: ComponentContext = { clock, random, informers, writer: new Writer(client), events: new ComponentEvents(client, clock, report), report };
  const [identity] = options.identities as readonly [ClusterIdentity?];
  if (!identity) throw new TypeError('a sandbox cluster needs at least one identity: the name and endpoint that user data must say');
  // It has been there for long: no boot to wait for.
  const system = systemMachine(identity, region, clock.now() - 3_600_000);
  const machines = systemNode ? withMachine(options.machines, system) : options.machines;
  const foreign = new ForeignPods(ctx, system.privateDnsName);
  const kubelets = new Kubelets(ctx, { machines, identities: options.identities, bootDelay: options.bootDelay, isForeign: (key) => foreign.has(key), endpoint, systemInstanceId: system.instanceId });
  const parts: Record<ControllerName, () => Component> = {
    'kube-scheduler': () => new Scheduler(ctx),
    'replicationcontroller-controller': () => new ReplicaSetController(ctx, 'ReplicationController'),
    'replicaset-controller': () => new ReplicaSetController(ctx, 'ReplicaSet'),
    'deployment-controller': () => new DeploymentController(ctx),
    'statefulset-controller': () => new StatefulSetController(ctx),
    'daemonset-controller': () => new DaemonSetController(ctx),
    'job-controller': () => new JobController(ctx),
    'cronjob-controller': () => new CronJobController(ctx),
    'disruption-controller': () => new DisruptionBudgetController(ctx),
    'endpoints-controller': () => new EndpointsController(ctx),
    'endpointslice-controller': () => new EndpointSliceController(ctx),
    'endpointslice-mirroring-controller': () => new EndpointSliceMirroringController(ctx),
    'persistentvolume-binder-controller': () => new VolumeController(ctx),
    'persistentvolume-attach-detach-controller': () => new AttachDetachController(ctx),
    'node-lifecycle-controller': () => new NodeLifecycleController(ctx),
    'taint-eviction-controller': () => new TaintEvictionController(ctx),
    'pod-garbage-collector-controller': () => new PodGarbageCollector(ctx),
    'cloud-node-controller': () => new CloudNodeController(ctx, { machines, region, zoneIds, hostname: endpoint?.address }),
    'ebs-csi-provisioner': () => new EbsProvisioner(ctx),
    'ebs-csi-attacher': () => new EbsAttacher(ctx),
  };
  const components: Component[] = [...controllers.map((name) => parts[name]()), foreign, kubelets];
  const life = new AbortController();
  // Every reflector listens to it.
  setMaxListeners(0, life.signal);
  const running: Promise<void>[] = [];

  async function plant(manifest: object): Promise<void> {
    try {
      await client.create(seedKind(manifest as KubeObject), manifest);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  return {
    async start() {
      for (const manifest of [...clusterSeed(dnsClusterIp), ...seed]) await plant(manifest);
      const reflectors = (Object.values(informers) as unknown as Informer<KubeObject>[]).map((informer) =>
        new Reflector(informer.kind, client, mirrorOf(informer), () => undefined, {
          clock, random, observer: {
            failed: (error) => report(`watching ${informer.kind.plural}: ${messageOf(error)}`),
            skipped: (error) => report(`watching ${informer.kind.plural}: ${messageOf(error)}`),
          },
          ...(informer.namespace === undefined ? {} : { namespace: informer.namespace }),
        }));
      for (const reflector of reflectors) running.push(reflector.run(life.signal));
      await Promise.all(reflectors.map((reflector) => reflector.whenSynced()));
      for (const component of components) component.start();
    },
    async stop() {
      for (const component of [...components].reverse()) component.stop();
      life.abort(new Error('the cluster stops'));
      await Promise.all(running);
    },
    podLogs: createPodLogs({
      clock,
      pod: (namespace, name) => informers.pods.get(`${namespace}/${name}`),
      runs: (pod, container) => kubelets.workerOf(pod)?.logsOf(container) ?? [],
      foreign: (namespace, name) => foreign.log(namespace, name),
    }),
    podPorts: (namespace, name, port) => foreign.portOf(namespace, name, port),
    metrics: createMetrics(informers, clock),
    addForeignPod: (pod) => foreign.add(pod),
    consoleLog: (instanceId) => kubelets.consoleLog(instanceId),
  };
}
