import { EC2NodeClass, NodeClaim, NodePool, STORED_VERSION_MIGRATED_ANNOTATION } from 'karpenter-ts/api';
import { CustomResourceDefinition, RBAC, Singleton, kindRefOf } from 'karpenter-ts/operator';
import type { Duration, KindClass, TickContext } from 'karpenter-ts/operator';
import { settle } from '../shared/settle.js';

const KINDS = [NodePool, NodeClaim, EC2NodeClass] as const;
const AT_ONCE = 100;
const nameOf = (kind: KindClass): string => `${kindRefOf(kind).plural}.${kindRefOf(kind).group}`;

/**
 * Has objects that are stored in a version of former times stored anew, and then says on the CRD that none is left, without which the
 * version could never be taken out of it (karpenter-core §1.13). Where only one version was ever stored it does nothing.
 */
@Singleton({ name: 'migration.storedversion', every: '1h', reads: KINDS })
@RBAC({ groups: ['karpenter.sh'], resources: ['nodepools', 'nodeclaims'], verbs: ['patch'], why: 'objects in an old version are stored anew' })
@RBAC({ groups: ['karpenter.k8s.aws'], resources: ['ec2nodeclasses'], verbs: ['patch'], why: 'objects in an old version are stored anew' })
@RBAC({ groups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], resourceNames: KINDS.map(nameOf), verbs: ['get'], why: 'which versions of its kinds are stored' })
@RBAC({ groups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions/status'], resourceNames: KINDS.map(nameOf), verbs: ['patch'], why: 'that no object is stored in an old version' })
export class StoredVersionMigration {
  async tick(ctx: TickContext): Promise<Duration | undefined> {
    const waiting = await Promise.all(KINDS.map((kind) => this.migrate(kind as KindClass, ctx)));
    return waiting.includes(true) ? '10s' : undefined;
  }

  /** Whether there is more to do. */
  private async migrate(kind: KindClass, ctx: TickContext): Promise<boolean> {
    const definition = await ctx.cache.live.get(CustomResourceDefinition, nameOf(kind));
    if (!definition) return false;
    const { spec, status } = definition;
    const current = spec.versions.find(({ storage }) => storage)?.name;
    const old = (status?.storedVersions ?? []).filter((version) => version !== current);
    if (current === undefined || old.length === 0) return false;
    const pending = ctx.cache.list(kind).filter(({ metadata }) => metadata.annotations?.[STORED_VERSION_MIGRATED_ANNOTATION] !== 'true');
    await settle('storing objects anew', pending.slice(0, AT_ONCE).map((object) => ctx.patch(object, ({ metadata }) => {
      metadata.annotations = { ...metadata.annotations, [STORED_VERSION_MIGRATED_ANNOTATION]: 'true' };
    })));
    if (pending.length > 0) return true;
    await ctx.patch(definition, (draft) => {
      if (draft.status) draft.status.storedVersions = draft.status.storedVersions?.filter((version) => !old.includes(version)) ?? [];
    });
    ctx.log.info('migrated the stored version', { CustomResourceDefinition: { name: nameOf(kind) }, from: old.join(', '), to: current });
    return false;
  }
}
