import type { KindRef, KubeObject } from '../kube/object.js';

/** A state that an API server showed to a watch. */
export interface ClusterLogEntry {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly kind: KindRef;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** As it came, managed fields included; of a deletion, the last state. */
  readonly object: KubeObject;
  /** It was there when the recording began. */
  readonly initial?: boolean;
}

/** A log of a cluster that cannot be replayed. */
export class ClusterLogError extends Error {
  override readonly name = 'ClusterLogError';
  readonly reason = 'ClusterLogInvalid';
}

/** An entry as a line of a file. */
export const clusterLogLine = (entry: ClusterLogEntry): string => `${JSON.stringify(entry)}\n`;

const isText = (value: unknown): value is string => typeof value === 'string';

function entryOf(text: string, line: number): ClusterLogEntry {
  const wrong = (what: string): ClusterLogError => new ClusterLogError(`line ${line} of the log ${what}; "karpenter-ts shadow --record FILE" writes lines such as {"at":1700000000000,"kind":{…},"type":"ADDED","object":{…}}`);
  let entry: ClusterLogEntry;
  try {
    entry = JSON.parse(text) as ClusterLogEntry;
  } catch {
    throw wrong('is not JSON');
  }
  const { at, kind, type, object } = entry ?? {};
  if (!Number.isFinite(at)) throw wrong(`has at ${JSON.stringify(at)}, which has to be milliseconds since the epoch`);
  if (![kind?.group, kind?.version, kind?.kind, kind?.plural].every(isText)) throw wrong('has a kind without group, version, kind or plural');
  if (!['ADDED', 'MODIFIED', 'DELETED'].includes(type)) throw wrong(`has type ${JSON.stringify(type)}, which has to be ADDED, MODIFIED or DELETED`);
  if (!isText(object?.metadata?.name) || !isText(object.metadata.resourceVersion)) throw wrong('has an object without metadata.name or metadata.resourceVersion');
  return entry;
}

/** The entries of a file. Throws {@link ClusterLogError}, which names the line. */
export function readClusterLog(text: string): ClusterLogEntry[] {
  const entries = text.split('\n').flatMap((line, at) => (line.trim() === '' ? [] : [entryOf(line, at + 1)]));
  if (entries.length === 0) throw new ClusterLogError('the log is empty');
  return entries.sort((a, b) => a.at - b.at);
}
