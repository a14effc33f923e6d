import { kubeTime } from '../../operator/kube/time.js';
import type { MetricsProvider } from '../../apiserver/index.js';
import { parseResources } from '../../api/resources.js';
import type { ResourceList } from '../../api/resources.js';
import type { Clock } from '../../operator/clock.js';
import { fraction } from './kubelet/node-capacity.js';
import type { Pod } from './model/kinds.js';
import { BY_NODE } from './shell/informers.js';
import type { Informers } from './shell/informers.js';

/** What kubelet, container runtime and kernel use on every node. */
const NODE_OVERHEAD = { cpu: 45, memory: 420 * 2 ** 20 };
/** What a container uses that asked for nothing. */
const UNASKED = { cpu: 5, memory: 24 * 2 ** 20 };
/** Minutes in which load rises and falls. */
const SWELL_MINUTES = 17;

interface Usage {
  cpu: number;
  memory: number;
}

const quantities = ({ cpu, memory }: Usage): { cpu: string; memory: string } => ({ cpu: `${Math.round(cpu * 1e6)}n`, memory: `${Math.round(memory / 1_024)}Ki` });

/** A share of the requests that belongs to the container, and swells a little with time. */
function containerUsage(pod: Pod, name: string, requests: ResourceList | undefined, now: number): Usage {
  const asked = parseResources(requests);
  const id = `${pod.metadata.uid}/${name}`;
  const swell = 1 + 0.2 * Math.sin((now / 60_000 / SWELL_MINUTES + fraction(id)) * 2 * Math.PI);
  return {
    cpu: (asked['cpu'] ?? UNASKED.cpu) * (0.15 + 0.5 * fraction(`cpu ${id}`)) * swell,
    memory: (asked['memory'] ?? UNASKED.memory) * (0.45 + 0.35 * fraction(`memory ${id}`)),
  };
}

const running = (pod: Pod): readonly { name: string; usage: (now: number) => Usage }[] =>
  (pod.status.containerStatuses ?? [])
    .filter(({ state }) => state?.running)
    .map(({ name }) => {
      const spec = pod.spec.containers.find((container) => container.name === name);
      return { name, usage: (now) => containerUsage(pod, name, spec?.resources?.requests as ResourceList | undefined, now) };
    });

/** What metrics-server would have scraped from the kubelets. */
export function createMetrics(informers: Informers, clock: Clock): MetricsProvider {
  const window = '15s';
  return {
    pods: () => {
      const now = clock.now();
      return informers.pods.list().flatMap((pod) => {
        const containers = running(pod).map(({ name, usage }) => ({ name, usage: quantities(usage(now)) }));
        if (containers.length === 0) return [];
        const { name, namespace, labels, creationTimestamp } = pod.metadata;
        return [{ kind: 'PodMetrics', apiVersion: 'metrics.k8s.io/v1beta1', metadata: { name, namespace, labels, creationTimestamp }, timestamp: kubeTime(now), window, containers }];
      });
    },
    nodes: () => {
      const now = clock.now();
      return informers.nodes.list().filter(({ status }) => status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True')).map((node) => {
        const total: Usage = { ...NODE_OVERHEAD };
        for (const { usage } of informers.pods.find(BY_NODE, node.metadata.name).flatMap(running)) {
          const { cpu, memory } = usage(now);
          total.cpu += cpu;
          total.memory += memory;
        }
        const { name, labels, creationTimestamp } = node.metadata;
        return { kind: 'NodeMetrics', apiVersion: 'metrics.k8s.io/v1beta1', metadata: { name, labels, creationTimestamp }, timestamp: kubeTime(now), window, usage: quantities(total) };
      });
    },
  };
}
