import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What a control plane consists of, and the Go packages it is built from; their versions are those of test/real/tools/go.mod. */
const PACKAGES = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  kwok: 'sigs.k8s.io/kwok/cmd/kwok',
} as const;
export type Component = keyof typeof PACKAGES;
export const COMPONENTS = Object.keys(PACKAGES) as readonly Component[];

/** kwok ends at once without stages; these make nodes ready, renew their leases, and run and end pods. */
const STAGES = ['node/fast', 'node/heartbeat-with-lease', 'pod/fast'];
const STAGES_FILE = 'kwok-stages.yaml';

const MODULE = new URL('../../../test/real/tools/', import.meta.url).pathname;
const read = (file: string): string => readFileSync(join(MODULE, file), 'utf8');

/** Where binaries are kept: a folder for each set of versions, in `XDG_CACHE_HOME` or `~/.cache`. */
const cacheFolder = (): string => join(
  process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'karpenter-ts/control-plane',
  `${createHash('sha256').update(read('go.mod')).update(read('go.sum')).digest('hex').slice(0, 16)}-${process.platform}-${process.arch}`,
);

/** The file of a component: the one of `KUBEBUILDER_ASSETS` if that folder has it, else the one built; undefined if there is none. */
export const binaryOf = (component: Component | typeof STAGES_FILE): string | undefined =>
  [process.env['KUBEBUILDER_ASSETS'], cacheFolder()].filter((folder) => folder !== undefined && folder !== '').map((folder) => join(folder as string, component)).find((file) => existsSync(file));

/** The file with kwok's stages. */
export const kwokStages = (): string | undefined => binaryOf(STAGES_FILE);

/** Kubernetes' version as `v1.35.0`; kubectl cannot do without one. */
const version = (): string => /k8s\.io\/kubernetes (v\S+)/.exec(read('go.mod'))?.[1] ?? '';

/**
 * Builds what neither `KUBEBUILDER_ASSETS` nor the cache has; a cold build takes about ten minutes on two cores. Returns why not
 * all of it can be had, or undefined. A folder of `KUBEBUILDER_ASSETS` that lacks components (envtest's has no controller-manager) is added to.
 */
export function ensureControlPlane(log: (line: string) => void): string | undefined {
  const missing = COMPONENTS.filter((component) => !binaryOf(component));
  if (missing.length === 0 && kwokStages()) return undefined;
  if (spawnSync('go', ['version']).error) return `KUBEBUILDER_ASSETS has no ${missing.join(', ') || STAGES_FILE}, and go, to build it, was not found`;
  const cache = cacheFolder();
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'building-'));
  const go = (...args: string[]): string => execFileSync('go', args, { cwd: MODULE, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, GOWORK: 'off' } }).toString();
  const keep = (file: string): void => renameSync(join(work, file), join(cache, file));
  try {
    const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version()) ?? [];
    const flags = Object.entries({ gitVersion: version(), gitMajor: major, gitMinor: minor }).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`).join(' ');
    for (const component of missing) {
      log(`building ${component} of ${PACKAGES[component]} into ${cache}`);
      go('build', '-ldflags', `-s -w ${flags}`, '-o', join(work, component), PACKAGES[component]);
      keep(component);
    }
    const stages = join(go('list', '-m', '-f', '{{.Dir}}', 'sigs.k8s.io/kwok').trim(), 'kustomize/stage');
    const files = STAGES.flatMap((folder) => readdirSync(join(stages, folder)).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml').map((file) => join(stages, folder, file)));
    writeFileSync(join(work, STAGES_FILE), files.map((file) => readFileSync(file, 'utf8')).join('\n---\n'));
    keep(STAGES_FILE);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return undefined;
}
