// Compiles src, reconcilers and test into dist, and removes compiled files whose source is gone.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;

function removeOrphans(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) removeOrphans(path);
    else if (/\.(js|d\.ts|js\.map)$/.test(entry.name)) {
      const source = path.replace(`${root}dist/`, root).replace(/\.(d\.ts|js\.map|js)$/, '.ts');
      if (!existsSync(source)) rmSync(path);
    }
  }
}

for (const part of ['src', 'reconcilers', 'templates', 'test']) if (existsSync(join(root, 'dist', part))) removeOrphans(join(root, 'dist', part));
const { status } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', root], { stdio: 'inherit' });
process.exit(status ?? 1);
