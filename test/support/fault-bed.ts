import { expect } from 'chai';
import { NodeClaim, TERMINATION_FINALIZER, isTrue } from '../../src/api/index.js';
import { Node, Pod } from '../../src/operator/index.js';
import type { ReconcilerClass, Token } from '../../src/operator/index.js';
import type { FaultWorld, Invariant, Scenario } from '../../src/operator/testing/index.js';
import type { FakeCloud } from './fake-cloud.js';
import { UndecoratedCloud, karpenterBed } from './karpenter-bed.js';
import type { KarpenterBed, KarpenterBedOptions } from './karpenter-bed.js';

/** How long a story may take, in milliseconds: all of its schedules take as long as they take. */
export const PATIENCE = process.env['FAULTS'] ? 0 : 120_000;

/** Reconcilers in a world of faults, with kubelets: machines that were launched join, and pods that were asked to leave do. */
export class FaultBed {
  private constructor(readonly world: FaultWorld, readonly karpenter: KarpenterBed) {}

  static async of(world: FaultWorld, classes: readonly ReconcilerClass[], options: KarpenterBedOptions = {}): Promise<FaultBed> {
    const karpenter = await karpenterBed(classes, { ...options, make: world.testBed });
    world.external(UndecoratedCloud as Token<FakeCloud>, karpenter.cloud, ['create', 'delete', 'terminate']);
    return new FaultBed(world, karpenter);
  }

  /** Lets time pass, and kubelets work, until the condition holds. */
  until(condition: () => Promise<boolean>): Promise<void> {
    return this.world.until(async () => {
      await this.kubelets();
      return condition();
    });
  }

  claims(): Promise<NodeClaim[]> {
    return this.karpenter.api.list(NodeClaim);
  }

  /** Whether exactly these claims are there, and initialized. */
  async areInitialized(count: number): Promise<boolean> {
    const claims = await this.claims();
    return claims.length === count && claims.every((claim) => isTrue(claim, 'Initialized'));
  }

  private async kubelets(): Promise<void> {
    const { api, cloud } = this.karpenter;
    const joined = new Set((await api.list(Node)).map(({ spec }) => spec.providerID));
    for (const { metadata: { name }, status: { providerID } } of await this.claims()) {
      if (providerID && cloud.instances.has(providerID) && !joined.has(providerID)) await this.karpenter.join(name);
    }
    for (const { metadata } of await api.list(Pod)) if (metadata.deletionTimestamp) await api.delete(Pod, metadata.name, { gracePeriodSeconds: 0 });
  }
}

/** A scenario of some reconcilers on the fake cloud. */
export function karpenterScenario(classes: readonly ReconcilerClass[], story: (bed: FaultBed) => Promise<void>, options: KarpenterBedOptions = {}): { scenario: Scenario; invariants: Record<string, Invariant> } {
  const beds = new WeakMap<FaultWorld, FaultBed>();
  const instances = (world: FaultWorld) => [...(beds.get(world)?.karpenter.cloud.instances.keys() ?? [])];
  return {
    scenario: async (world) => {
      const bed = await FaultBed.of(world, classes, options);
      beds.set(world, bed);
      await story(bed);
      const kept = (await bed.claims()).map(({ status }) => status.providerID);
      expect(instances(world), 'instances').to.have.members(kept);
    },
    invariants: {
      'no instance without a claim that is held until it is gone': async (world) => {
        const held = (await beds.get(world)?.claims() ?? []).filter(({ metadata }) => metadata.finalizers?.includes(TERMINATION_FINALIZER));
        expect(instances(world).length, 'instances').to.be.at.most(held.length);
      },
    },
  };
}
