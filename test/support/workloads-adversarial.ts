import type { Pod, PodSpec } from 'kubernetes-types/core/v1.js';
import { seededRandom } from '../../src/operator/random.js';
import type { Random } from '../../src/operator/random.js';
import { pick, pod } from './workloads.js';

const ZONE = 'topology.kubernetes.io/zone';
const HOSTNAME = 'kubernetes.io/hostname';
const GROUPS = 200;

const ofGroup = (random: Random): Record<string, string> => ({ group: `group-${Math.floor(random.next() * GROUPS)}` });

/** One wish of a pod; all of them together can be met. */
function wish(random: Random, own: Record<string, string>): Partial<PodSpec> {
  const spread = (topologyKey: string, maxSkew: number): Partial<PodSpec> =>
    ({ topologySpreadConstraints: [{ maxSkew, topologyKey, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: ofGroup(random) } }] });
  const required = (topologyKey: string, matchLabels: Record<string, string>) => ({ requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: { matchLabels } }] });
  switch (Math.floor(random.next() * 5)) {
    case 0: return spread(ZONE, 1 + Math.floor(random.next() * 3));
    case 1: return spread(HOSTNAME, 1 + Math.floor(random.next() * 4));
    case 2: return { affinity: { podAntiAffinity: required(HOSTNAME, ofGroup(random)) } };
    case 3: return { affinity: { podAffinity: required(ZONE, own) } };
    default: return {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{
              matchExpressions: [
                { key: 'karpenter.k8s.aws/instance-memory', operator: 'Gt', values: [String(1_000 + Math.floor(random.next() * 60_000))] },
                { key: 'karpenter.k8s.aws/instance-family', operator: 'NotIn', values: [`${pick(random, ['c', 'm', 'r'])}${pick(random, ['5', '6i', '6a', '6g', '7i', '7a', '7g'])}`] },
              ],
            }],
          },
        },
      },
    };
  }
}

/** Pods of which no two ask for the same, with wishes about 200 groups of each other. */
export function adversarialMix(count: number, seed = 5): Pod[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const own = ofGroup(random);
    const amounts = { cpu: `${100 + ((index * 7_919) % 3_001)}m`, memory: `${128 * 1024 + ((index * 104_729) % 4_000_037)}Ki` };
    return pod({
      name: `pod-${index}`, labels: { ...own, app: `app-${index}` },
      spec: { ...wish(random, own), containers: [{ name: 'main', image: 'app', resources: { requests: amounts } }] },
    });
  });
}
