import { chmodSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CLI, ROOT } from './sandbox-process.js';

interface Manifest { dependencies?: Record<string, string>; devDependencies?: Record<string, string> }

export const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/**
 * Gives a package what `npm install` would, without a network: out of the repository's own dependencies, and as karpenter-ts the folder of an
 * installed one, or the repository itself.
 */
export function linkDependencies(folder: string, installed = ROOT): void {
  const { dependencies = {}, devDependencies = {} } = manifestOf(folder);
  const modules = join(folder, 'node_modules');
  const link = (name: string, target: string): void => {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(target, join(modules, name));
  };
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) link(name, name === 'karpenter-ts' ? installed : realpathSync(join(ROOT, 'node_modules', name)));
  mkdirSync(join(modules, '.bin'), { recursive: true });
  const cli = installed === ROOT ? CLI : join(installed, 'dist/src/cli/main.js');
  for (const [name, path] of [['karpenter-ts', cli], ['tsc', join(modules, 'typescript/bin/tsc')]] as const) {
    writeFileSync(join(modules, '.bin', name), `#!/bin/sh\nexec "${process.execPath}" "${path}" "$@"\n`);
    chmodSync(join(modules, '.bin', name), 0o755);
  }
}
