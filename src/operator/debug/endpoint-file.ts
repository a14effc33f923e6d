import { lstat, mkdir, open, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secret } from '../random.js';

/** How a process of the same user finds an operator's debug endpoint, and gets in. */
export interface EndpointFile {
  readonly operator: string;
  /** URL of the API server that the operator works on. */
  readonly server: string;
  /** URL of the debug endpoint, on loopback. */
  readonly endpoint: string;
  /** Bearer token: who can read the file may ask. */
  readonly token: string;
  readonly pid: number;
}

/** An endpoint file or its folder could be read or written by others, or cannot be used at all. */
export class EndpointFileError extends Error {
  override readonly name = 'EndpointFileError';
  readonly reason = 'EndpointFileUnsafe';
}

const FILE = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\.\d+\.\d+\.json$/;

/** Where endpoint files of this user are: `$XDG_RUNTIME_DIR/karpenter-ts`, or else a folder of the user's own among the temporary files. */
export const endpointFolder = (environment: Readonly<Record<string, string | undefined>> = process.env): string =>
  (environment['XDG_RUNTIME_DIR'] ? join(environment['XDG_RUNTIME_DIR'], 'karpenter-ts') : join(tmpdir(), `karpenter-ts-${process.getuid?.() ?? 'user'}`));

/** Whoever owns the folder decides what is in it: it has to be ours, and nobody else's to write or look at. */
async function checkPrivate(path: string, what: string): Promise<void> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) throw new EndpointFileError(`${what} ${path} is a symbolic link; remove it`);
  const uid = process.getuid?.();
  if (uid !== undefined && found.uid !== uid) throw new EndpointFileError(`${what} ${path} belongs to user ${found.uid}, not to this process's ${uid}`);
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) throw new EndpointFileError(`${what} ${path} has mode ${(found.mode & 0o777).toString(8).padStart(4, '0')}: others could read the token; its mode has to be ${found.isDirectory() ? '0700' : '0600'}`);
}

/** Writes a file with a new token, mode 0600, and says where it is. Rejects with {@link EndpointFileError} or the file system's error. */
export async function writeEndpointFile(folder: string, { operator, server, endpoint }: Pick<EndpointFile, 'operator' | 'server' | 'endpoint'>): Promise<{ path: string; token: string }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await checkPrivate(folder, 'the folder');
  const { pid } = process;
  const path = join(folder, `${operator}.${pid}.${new URL(endpoint).port}.json`);
  const token = secret();
  await rm(path, { force: true });
  // Never through a link that somebody put there, never readable for a moment.
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ operator, server, endpoint, token, pid } satisfies EndpointFile)}\n`);
  } finally {
    await file.close();
  }
  return { path, token };
}

/** The files of a folder whose processes live, and why others were left out. What processes left behind that were killed is removed. */
export async function readEndpointFiles(folder: string): Promise<{ files: EndpointFile[]; refused: string[] }> {
  const names = await readdir(folder).catch(() => []);
  const files: EndpointFile[] = [];
  const refused: string[] = [];
  if (names.length > 0) await checkPrivate(folder, 'the folder');
  for (const name of names.filter((candidate) => FILE.test(candidate)).sort()) {
    const path = join(folder, name);
    try {
      await checkPrivate(path, 'the file');
      const file = JSON.parse(await readFile(path, 'utf8')) as EndpointFile;
      if (isAlive(file.pid)) files.push(file);
      else await rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') refused.push((error as Error).message);
    }
  }
  return { files, refused };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
