import type { KubeClient } from '../../../operator/kube/client.js';
import type { DeleteOptions, Target, WriteOptions } from '../../../operator/kube/client-options.js';
import { isConflict, isNotFound } from '../../../operator/kube/errors.js';
import type { KubeObject } from '../../../operator/kube/object.js';
import type { Informer } from './informer.js';

/** The target of a call on an object that was read. */
export const targetOf = ({ metadata: { name, namespace } }: KubeObject): Target => ({ name, ...(namespace === undefined ? {} : { namespace }) });

/** Writes through the client, and lets the informer know at once what came of it. */
export class Writer {
  constructor(readonly client: KubeClient) {}

  async create<T extends KubeObject>(informer: Informer<T>, object: unknown): Promise<T> {
    const created = await this.client.create<T>(informer.kind, object);
    informer.ingest(created);
    return created;
  }

  /** A merge patch; {@link WriteOptions} names the subresource. */
  async patch<T extends KubeObject>(informer: Informer<T>, object: KubeObject, patch: unknown, options: WriteOptions = {}): Promise<T> {
    const patched = await this.client.mergePatch<T>(informer.kind, targetOf(object), patch, options);
    informer.ingest(patched);
    return patched;
  }

  /** Sets fields of the status, unless all of them are as wanted already. */
  async patchStatus<T extends KubeObject>(informer: Informer<T>, object: T, status: object): Promise<void> {
    const current = (object as unknown as { status: Record<string, unknown> }).status;
    const changes = Object.entries(status).filter(([field, value]) => JSON.stringify(current[field]) !== JSON.stringify(value));
    if (changes.length === 0) return;
    await this.patch(informer, object, { metadata: { uid: object.metadata.uid }, status: Object.fromEntries(changes.map(([field, value]) => [field, value ?? null])) }, { subresource: 'status' });
  }

  /** Deletes this very object; gone already, or replaced by another of its name, is as good. */
  async delete<T extends KubeObject>(informer: Informer<T>, object: T, options: Pick<DeleteOptions, 'gracePeriodSeconds' | 'propagationPolicy'> = {}): Promise<void> {
    try {
      const answer = await this.client.delete<T>(informer.kind, { ...targetOf(object), preconditions: { uid: object.metadata.uid }, ...options });
      if ('metadata' in answer && answer.kind !== 'Status' && answer.metadata.deletionTimestamp) informer.ingest(answer as T);
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}
