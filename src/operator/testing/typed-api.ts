import type { KindClass } from '../dsl/resource.js';
import type { KubeClient } from '../kube/client.js';
import type { CallOptions, DeleteOptions } from '../kube/client-options.js';
import { normalize } from '../kube/normalize.js';
import type { KindRef, KubeObject, PartialObject } from '../kube/object.js';
import { kindRefOf } from '../dsl/kind-plan.js';

/** Names an object: cluster-scoped ones by name, others with their namespace (default `default`). */
export interface ObjectName {
  name: string;
  namespace?: string;
}

type DeepPartial<T> = T extends object ? { [K in keyof T]?: DeepPartial<T[K]> | null } : T;

/** A client by kind classes, for tests and tools: it speaks as a user does, beside the operator, and sees the server's truth. */
export class TypedApi {
  constructor(readonly client: KubeClient) {}

  /** Creates an object. Fields may be left out, as in a manifest: the server fills in defaults, and says what is missing. */
  async create<T extends KubeObject>(type: KindClass<T>, object: PartialObject<T>): Promise<T> {
    const kind = kindRefOf(type);
    const namespace = kind.namespaced ? object.metadata.namespace ?? 'default' : undefined;
    return normalize(kind, await this.client.create<T>(kind, object, { namespace }));
  }

  /** The object; rejects with NotFound when there is none. */
  async get<T extends KubeObject>(type: KindClass<T>, name: string | ObjectName): Promise<T> {
    const kind = kindRefOf(type);
    return normalize(kind, await this.client.get<T>(kind, targetOf(kind, name)));
  }

  /** The object, or undefined when there is none. */
  async find<T extends KubeObject>(type: KindClass<T>, name: string | ObjectName): Promise<T | undefined> {
    const kind = kindRefOf(type);
    const found = await this.client.find<T>(kind, targetOf(kind, name));
    return found && normalize(kind, found);
  }

  async list<T extends KubeObject>(type: KindClass<T>, options: { namespace?: string; labelSelector?: string } & CallOptions = {}): Promise<T[]> {
    const kind = kindRefOf(type);
    return (await this.client.listAll<T>(kind, options)).map((object) => normalize(kind, object));
  }

  /** Merges into the object; `null` removes. A `status` goes to the status subresource. */
  async patch<T extends KubeObject>(type: KindClass<T>, name: string | ObjectName, { status, ...main }: DeepPartial<T> & { status?: unknown }): Promise<T> {
    const kind = kindRefOf(type);
    const target = targetOf(kind, name);
    let result: T | undefined;
    if (Object.keys(main).length > 0) result = await this.client.mergePatch<T>(kind, target, main);
    if (status !== undefined) result = await this.client.mergePatch<T>(kind, target, { status }, { subresource: 'status' });
    return normalize(kind, result ?? (await this.client.get<T>(kind, target)));
  }

  async delete<T extends KubeObject>(type: KindClass<T>, name: string | ObjectName, options: Omit<DeleteOptions, 'name' | 'namespace'> = {}): Promise<void> {
    const kind = kindRefOf(type);
    await this.client.delete(kind, { ...targetOf(kind, name), ...options });
  }
}

function targetOf({ namespaced }: KindRef, name: string | ObjectName): ObjectName {
  const target = typeof name === 'string' ? { name } : name;
  return namespaced ? { namespace: 'default', ...target } : { name: target.name };
}
