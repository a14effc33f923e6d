// Writes docs/reference/api out of the doc comments of the framework's public entries; fails where an export has none.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('typedoc', import.meta.url));
if (!existsSync(`${folder}/node_modules`)) execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: 'inherit' });

const { status, stdout, stderr } = spawnSync(process.execPath, [`${folder}/node_modules/typedoc/bin/typedoc`], { cwd: folder, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });
// Members speak for themselves often enough; what is exported never does.
const undocumented = (line) => /^\[warning\] operator(\/testing)?\.\w+,? .*does not have any documentation/.test(line);
const complaints = `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('[error]') || line.includes('links to') || undocumented(line));
console.log(complaints.length > 0 ? complaints.join('\n') : 'wrote docs/reference/api');
process.exitCode = status !== 0 || complaints.length > 0 ? 1 : 0;
