import { inject } from 'inversify';
import { EC2NodeClass, NodePool } from 'karpenter-ts/api';
import type { NodeClassLookup } from 'karpenter-ts/cloud/aws';
import { Cache } from 'karpenter-ts/operator';
import { poolByNodeClass } from '../shared/indexes.js';

/** Node classes and pools out of the operator's stores, for the AWS provider. */
export class NodeClassStore implements NodeClassLookup {
  constructor(@inject(Cache) private readonly cache: Cache) {}

  get(name: string): EC2NodeClass | undefined {
    return this.cache.get(EC2NodeClass, name);
  }

  poolsOf(name: string): readonly NodePool[] {
    return this.cache.list(NodePool, { index: poolByNodeClass, value: name });
  }

  pool(name: string): NodePool | undefined {
    return this.cache.get(NodePool, name);
  }
}
