import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { ApiObject, StorageEvent } from '../contracts.js';
import type { Journal, MemoryStorage } from './memory-storage.js';
import { keyOf } from './object-table.js';

/*
 * One file, `journal`: records one after another, each a header of two little-endian 32-bit numbers (length and CRC-32 of what
 * follows) and a line of JSON. A record that was cut off, or does not match its checksum, ends the journal: what is behind it was never
 * acknowledged. Compaction writes a new file beside and renames it over the old one.
 */

type Entry =
  /** First in a compacted file: the revision that the objects behind it are from. */
  | { revision: number }
  | { revision: number; resource: string; put: ApiObject }
  | { revision: number; resource: string; deleted: { namespace: string; name: string } };

const FILE = 'journal';
const HEADER_BYTES = 8;
/** Files below this size (bytes) are not worth compacting. */
const SMALL = 4 * 1024 * 1024;
/** A file is compacted when it is this many times as large as it was after the last time. */
const GROWTH = 4;

/** A journal file that another Kubernetes, or nothing that we know, has written. */
export class UnreadableJournalError extends Error {
  override readonly name = 'UnreadableJournalError';
  readonly reason = 'UnreadableJournal';

  constructor(readonly path: string, problem: string) {
    super(`${path}: ${problem}`);
  }
}

/**
 * Keeps the storage's changes in `directory`, which is made if need be. Every change is handed to the operating system before its
 * request is answered, so it survives a kill of the process at any byte; it is not forced to the disk.
 */
export function openJournal(directory: string): Journal {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, FILE);
  const { revision, objects, validBytes } = existsSync(path) ? replay(readFileSync(path), path) : { revision: 0, objects: [], validBytes: 0 };
  let file = openSync(path, existsSync(path) ? 'r+' : 'w+');
  ftruncateSync(file, validBytes);
  let size = validBytes;
  let sizeWhenCompact = Math.max(validBytes, SMALL / GROWTH);

  const compact = (storage: MemoryStorage): void => {
    const next = `${path}.new`;
    const compacted = openSync(next, 'w+');
    let written = writeRecord(compacted, 0, { revision: storage.revision });
    for (const resource of storage.resources()) {
      for (const object of storage.list(resource)) written += writeRecord(compacted, written, { revision: storage.revision, resource, put: object });
    }
    fsyncSync(compacted);
    renameSync(next, path);
    closeSync(file);
    file = compacted;
    size = written;
    sizeWhenCompact = Math.max(written, SMALL / GROWTH);
  };

  return {
    recovered: { revision, objects },
    append(event, storage) {
      if (size > sizeWhenCompact * GROWTH) compact(storage);
      size += writeRecord(file, size, entryOf(event));
    },
    close() {
      fsyncSync(file);
      closeSync(file);
    },
  };
}

function entryOf({ type, revision, resource, object }: StorageEvent): Entry {
  const { namespace = '', name = '' } = object.metadata;
  return type === 'DELETED' ? { revision, resource, deleted: { namespace, name } } : { revision, resource, put: object };
}

/** Returns the bytes written. */
function writeRecord(file: number, position: number, entry: Entry): number {
  const content = Buffer.from(JSON.stringify(entry));
  const record = Buffer.allocUnsafe(HEADER_BYTES + content.length);
  record.writeUInt32LE(content.length, 0);
  record.writeUInt32LE(crc32(content), 4);
  content.copy(record, HEADER_BYTES);
  let written = 0;
  while (written < record.length) written += writeSync(file, record, written, record.length - written, position + written);
  return record.length;
}

/** The state that a journal's bytes lead to, and how many of them are sound. */
export function replay(bytes: Buffer, path: string): { revision: number; objects: { resource: string; object: ApiObject }[]; validBytes: number } {
  const objects = new Map<string, { resource: string; object: ApiObject }>();
  let revision = 0;
  let position = 0;
  while (position + HEADER_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(position);
    const end = position + HEADER_BYTES + length;
    if (length === 0 || end > bytes.length) break;
    const content = bytes.subarray(position + HEADER_BYTES, end);
    if (crc32(content) !== bytes.readUInt32LE(position + 4)) break;
    const entry = parse(content, path);
    if ('put' in entry) objects.set(`${entry.resource} ${keyOf(entry.put)}`, { resource: entry.resource, object: entry.put });
    else if ('deleted' in entry) objects.delete(`${entry.resource} ${entry.deleted.namespace}/${entry.deleted.name}`);
    revision = entry.revision;
    position = end;
  }
  return { revision, objects: [...objects.values()], validBytes: position };
}

function parse(content: Buffer, path: string): Entry {
  const entry = JSON.parse(content.toString()) as Entry;
  if (typeof entry.revision !== 'number') throw new UnreadableJournalError(path, `a record of an unknown kind: ${content.toString().slice(0, 80)}`);
  return entry;
}
