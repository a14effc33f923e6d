import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './sandbox-process.js';

export interface PackageManifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  exports: Record<string, string | { types: string; default: string }>;
}

export const manifestOf = (folder: string): PackageManifest => ({ dependencies: {}, devDependencies: {}, ...(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Partial<PackageManifest>) }) as PackageManifest;

function succeed(command: string, ...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
}

/** What npm would install under these names, out of the repository's own dependencies: no network. */
function link(folder: string, names: readonly string[]): void {
  for (const name of names) {
    const path = join(folder, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(realpathSync(join(ROOT, 'node_modules', name)), path);
  }
}

function command(folder: string, name: string, path: string): void {
  const bin = join(folder, 'node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\nexec "${process.execPath}" "${path}" "$@"\n`);
  chmodSync(join(bin, name), 0o755);
}

/** karpenter-ts out of its tarball, packed as it is compiled, and its dependencies, in a folder; returns where it is. */
export function installTarball(folder: string): string {
  const installed = join(folder, 'node_modules/karpenter-ts');
  mkdirSync(installed, { recursive: true });
  succeed('npm', 'pack', '--ignore-scripts', '--silent', '--pack-destination', folder);
  const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
  succeed('tar', '-xzf', tarball, '--strip-components=1', '-C', installed);
  rmSync(tarball);
  link(folder, Object.keys(manifestOf(installed).dependencies));
  command(folder, 'karpenter-ts', join(installed, 'dist/src/cli/main.js'));
  return installed;
}

/** Gives a package what `npm install` would. Its karpenter-ts is the repository, unless there is one in a folder above. */
export function linkDependencies(folder: string, { installed = false } = {}): void {
  const { dependencies, devDependencies } = manifestOf(folder);
  link(folder, Object.keys({ ...dependencies, ...devDependencies }).filter((name) => name !== 'karpenter-ts'));
  command(folder, 'tsc', join(folder, 'node_modules/typescript/bin/tsc'));
  if (installed) return;
  symlinkSync(ROOT, join(folder, 'node_modules/karpenter-ts'));
  command(folder, 'karpenter-ts', join(ROOT, 'dist/src/cli/main.js'));
}
