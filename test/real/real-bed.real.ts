import { expect } from 'chai';
import {
  Condition, ConfigMap, ConvertsFrom, Defaults, Field, Finalizer, Owns, Reconciler, Resource, ResourceKind, Validates, Version, met, reconcilers, released, s,
} from 'karpenter-ts/operator';
import type { AdmissionVerdict, Outcome, Release, StepContext } from 'karpenter-ts/operator';
import { realBed, testBed } from 'karpenter-ts/operator/testing';
import type { Bed } from 'karpenter-ts/operator/testing';
import { binaryOf } from '../support/control-plane-binaries.js';

class LampStatus {
  @Field(s.string().optional()) declare note?: string;
}
class LampSpecV1Alpha1 {
  @Field(s.int()) declare power: number;
}
@Version({ of: () => Lamp, version: 'v1alpha1', spec: () => LampSpecV1Alpha1, status: () => LampStatus })
class LampV1Alpha1 extends Resource<LampSpecV1Alpha1, LampStatus> {}

class LampSpec {
  @Field(s.int()) declare watts: number;
  @Field(s.string().optional()) declare colour?: string;
}
@ResourceKind({ group: 'bed.example.com', version: 'v1', kind: 'Lamp', scope: 'Namespaced', spec: () => LampSpec, status: () => LampStatus, conversion: 'Webhook' })
@ConvertsFrom(() => LampV1Alpha1, {
  upgrade: ({ spec: { power }, ...old }) => ({ ...old, spec: { watts: power } }),
  downgrade: ({ spec: { watts }, ...stored }) => ({ ...stored, spec: { power: watts } }),
})
class Lamp extends Resource<LampSpec, LampStatus, 'Lit'> {}

@Reconciler({ for: Lamp, name: 'lamp' })
@Owns(ConfigMap)
class LampReconciler {
  @Condition('Lit')
  async light(lamp: Lamp, ctx: StepContext<Lamp>): Promise<Outcome> {
    await ctx.apply(ConfigMap, { metadata: { name: lamp.metadata.name, namespace: lamp.metadata.namespace as string }, data: { colour: lamp.spec.colour ?? '' } });
    ctx.events.normal('Lit', `it shines ${lamp.spec.colour}`);
    return met();
  }

  @Finalizer('bed.example.com/lamp')
  off(): Release {
    return released();
  }

  @Defaults(Lamp)
  colour(lamp: Lamp): void {
    lamp.spec.colour ??= 'white';
  }

  @Validates(Lamp)
  power({ spec }: Lamp): AdmissionVerdict {
    return spec.watts > 100 ? [{ field: 'spec.watts', value: spec.watts, message: 'has to be 100 at most' }] : undefined;
  }
}

/** What users do with lamps; the same whatever serves them. */
async function story(bed: Bed): Promise<void> {
  const { api } = bed;
  await bed.start();
  await bed.advanceUntil(async () => (await api.create(Lamp, { metadata: { name: 'probe' }, spec: { watts: 1 } }).then(() => true, () => false)));
  const refused: unknown = await api.create(Lamp, { metadata: { name: 'l' }, spec: { watts: 1_000 } }).catch((error: unknown) => error);
  expect((refused as Error).message).to.contain('spec.watts: Invalid value: 1000: has to be 100 at most');
  await api.create(LampV1Alpha1, { metadata: { name: 'l' }, spec: { power: 60 } });
  const lit = async (): Promise<boolean> => (await api.get(Lamp, 'l')).status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  await bed.advanceUntil(lit);
  const lamp = await api.get(Lamp, 'l');
  expect(lamp.spec).to.deep.equal({ watts: 60, colour: 'white' });
  expect((await api.get(ConfigMap, 'l')).metadata.ownerReferences?.map(({ kind, name }) => `${kind}/${name}`)).to.deep.equal(['Lamp/l']);
  await bed.advanceUntil(async () => (await bed.events(lamp)).includes('Normal Lit: it shines white'));
  await bed.restart();
  await api.patch(Lamp, 'l', { spec: { colour: 'red' } });
  await bed.advanceUntil(async () => (await api.get(ConfigMap, 'l')).data?.['colour'] === 'red');
  await api.delete(Lamp, 'l');
  await bed.advanceUntil(async () => (await api.find(Lamp, 'l')) === undefined);
  expect(bed.logs.map(({ message }) => message)).to.include('started');
}

describe('A test of an operator', () => {
  it('runs in virtual time on the embedded server', async () => {
    const bed = await testBed(reconcilers(LampReconciler));
    try { await story(bed); } finally { await bed.close(); }
  });

  it('runs unchanged on kube-apiserver', async () => {
    const bed = await realBed(reconcilers(LampReconciler), { server: { assets: { etcd: binaryOf('etcd') as string, 'kube-apiserver': binaryOf('kube-apiserver') as string } } });
    try { await story(bed); } finally { await bed.close(); }
  });
});
