import { createHash } from 'node:crypto';

/** An image as a container runtime knows it. */
export interface Image {
  /** With registry and tag: `docker.io/library/nginx:latest`. */
  readonly name: string;
  /** `docker.io/library/nginx@sha256:…`; one name always stands for one digest here. */
  readonly id: string;
  readonly bytes: number;
}

const LARGE = /tensorflow|pytorch|cuda|nvidia|spark|jupyter/;
const MIB = 2 ** 20;

/** Whether an image takes long to pull. */
export const isLarge = (reference: string): boolean => LARGE.test(reference);

/** What a reference in a manifest stands for. */
export function imageOf(reference: string): Image {
  const [path = '', pinned] = reference.split('@');
  const [first = ''] = path.split('/');
  const hasRegistry = path.includes('/') && /[.:]|^localhost$/.test(first);
  const full = hasRegistry ? path : `docker.io/${path.includes('/') ? '' : 'library/'}${path}`;
  const tag = /:[^:/]+$/.exec(full)?.[0] ?? '';
  const repository = full.slice(0, full.length - tag.length);
  const name = pinned === undefined ? `${repository}${tag || ':latest'}` : `${full}@${pinned}`;
  const hash = createHash('sha256').update(name).digest();
  const megabytes = isLarge(reference) ? 2_000 + 3_000 * (hash[0] as number / 255) : 10 + 190 * (hash[0] as number / 255);
  return { name, id: `${repository}@${pinned ?? `sha256:${hash.toString('hex')}`}`, bytes: Math.round(megabytes * MIB) + (hash.readUInt16BE(1)) };
}
