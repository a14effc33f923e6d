import { addResources, parseResources, subtractResources } from '../../../api/resources.js';
import type { Resources } from '../../../api/resources.js';
import { quantityValue } from '../../../api/quantity.js';
import type { SandboxInstance } from '../../aws/instance.js';
import type { BootConfig, ImageFamily } from './user-data/boot-config.js';

const MEBIBYTE = 2 ** 20;
const GIBIBYTE = 2 ** 30;
const KIBIBYTE = 1_024;

/** What firmware, kernel and hypervisor keep of the memory: a fixed part, and a share that differs a little from type to type. */
const KEPT = { fixedMiB: 32, arm64MiB: 64, share: 0.042, variation: 0.006 };

/** The resource that a manufacturer's device plugin offers. */
const GPU_RESOURCES: Record<string, string> = { NVIDIA: 'nvidia.com/gpu', AMD: 'amd.com/gpu', Habana: 'habana.ai/gaudi' };

/** A number in [0, 1) that belongs to a text. */
export function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash / 2 ** 32;
}

/** Pods that the addresses of the machine's network interfaces allow. */
export const interfacePods = ({ shape: { maxEnis, ipv4PerEni } }: SandboxInstance): number => maxEnis * (ipv4PerEni - 1) + 2;

/** Memory as the kernel reports it, in bytes (whole KiB). */
function reportedMemory({ instanceType, shape: { memoryMiB, architecture } }: SandboxInstance): number {
  const kept = KEPT.fixedMiB + (architecture === 'arm64' ? KEPT.arm64MiB : 0) + memoryMiB * (KEPT.share + KEPT.variation * fraction(instanceType));
  return Math.floor(((memoryMiB - kept) * MEBIBYTE) / KIBIBYTE) * KIBIBYTE;
}

/** Ephemeral storage as a fresh file system offers it. */
function reportedStorage({ podVolumeGiB = 20, shape: { localNvmeGB } }: SandboxInstance, localDisks: boolean): number {
  const bytes = localDisks && localNvmeGB > 0 ? localNvmeGB * 1e9 : podVolumeGiB * GIBIBYTE;
  return Math.floor((bytes - 12 * MEBIBYTE) / KIBIBYTE) * KIBIBYTE;
}

/** What the images reserve for kubelet and container runtime: cpu falls off per core, memory grows with the pods. */
function defaultKubeReserved(vcpus: number, pods: number, family: ImageFamily): Resources {
  if (family === 'Windows') return {};
  const steps = [60, 10, 5, 5];
  const cpu = Array.from({ length: vcpus }, (_, core) => steps[core] ?? 2.5).reduce((sum, step) => sum + step, 0);
  return { cpu: Math.floor(cpu), memory: (11 * pods + 255) * MEBIBYTE, 'ephemeral-storage': GIBIBYTE };
}

/** What must stay free: an amount, or a share of the capacity. */
function threshold(value: string | undefined, capacity: number): number {
  if (value === undefined) return 0;
  return value.endsWith('%') ? Math.floor((capacity * Number.parseFloat(value)) / 100) : quantityValue(value);
}

const DEFAULT_EVICTION: Record<string, string> = { 'memory.available': '100Mi', 'nodefs.available': '10%' };

/** A node's capacity, and what of it pods may have, as its kubelet works them out. Device plugins come later: see {@link deviceResources}. */
export function nodeResources(machine: SandboxInstance, config: BootConfig, family: ImageFamily): { capacity: Resources; allocatable: Resources } {
  const { vcpus } = machine.shape;
  const byInterfaces = family === 'Windows' ? 110 : interfacePods(machine);
  const configured = config.maxPods ?? byInterfaces;
  const pods = config.podsPerCore ? Math.min(config.podsPerCore * vcpus, configured) : configured;
  const capacity: Resources = {
    cpu: vcpus * 1_000,
    memory: reportedMemory(machine),
    'ephemeral-storage': reportedStorage(machine, config.localDisks === true),
    pods,
    'hugepages-1Gi': 0,
    'hugepages-2Mi': 0,
  };
  const reservedFor = family === 'Bottlerocket' ? pods : byInterfaces;
  const kubeReserved = { ...defaultKubeReserved(vcpus, reservedFor, family), ...withoutPid(config.kubeReserved) };
  const eviction = { ...(config.evictionHard ?? DEFAULT_EVICTION) };
  const kept = addResources(kubeReserved, withoutPid(config.systemReserved), {
    memory: threshold(eviction['memory.available'], capacity['memory'] as number),
    'ephemeral-storage': threshold(eviction['nodefs.available'], capacity['ephemeral-storage'] as number),
  });
  const allocatable = subtractResources(capacity, kept);
  return { capacity, allocatable: Object.fromEntries(Object.keys(capacity).map((name) => [name, Math.max(0, allocatable[name] ?? 0)])) };
}

function withoutPid(reserved: Record<string, string> | undefined): Resources {
  const { pid: _pid, ...rest } = reserved ?? {};
  return parseResources(rest);
}

/** Extended resources that the machine's device plugin adds once it runs. */
export function deviceResources({ shape: { gpus, gpuManufacturer } }: SandboxInstance): Resources {
  const name = GPU_RESOURCES[gpuManufacturer];
  return name === undefined || gpus === 0 ? {} : { [name]: gpus };
}
