import { expect } from 'chai';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FakeHost } from '../engine/fake-host.test-support.js';
import { KeyMemory } from '../engine/memory.js';
import { runKey } from '../engine/run.js';
import type { KubeObject } from '../kube/object.js';
import { compile } from './compile.js';
import type * as Decorators from './decorators.js';
import type * as KindDecorators from './kind-decorators.js';
import type * as Outcomes from './outcome.js';
import type { KindClass } from './resource.js';
import type * as Schemas from './schema.js';

describe('a plugin with its own copy of the framework', () => {
  const copy = resolve('dist', '.second-copy');
  before(async () => {
    await mkdir(copy, { recursive: true });
    for (const part of ['dsl', 'duration.js']) await cp(join('dist', 'src', 'operator', part), join(copy, part), { recursive: true, filter: (file) => !file.includes('.test.') });
  });
  after(() => rm(copy, { recursive: true, force: true }));

  it('declares reconcilers and kinds that the host compiles and runs', async () => {
    const load = async <M>(file: string): Promise<M> => (await import(pathToFileURL(join(copy, 'dsl', file)).href)) as M;
    const { Condition, Reconciler } = await load<typeof Decorators>('decorators.js');
    const { ResourceKind } = await load<typeof KindDecorators>('kind-decorators.js');
    const { met, Outcome } = await load<typeof Outcomes>('outcome.js');
    const { s } = await load<typeof Schemas>('schema.js');
    expect(Outcome, 'it is another copy').not.to.equal((await import('./outcome.js')).Outcome);

    class Plugged {}
    ResourceKind({ group: 'plugin.example.com', version: 'v1', kind: 'Plugged', scope: 'Cluster', spec: () => s.object({ size: s.int() }), status: () => s.anyObject() })(Plugged as never);
    class Plugin {
      a(): Outcomes.Outcome { return met('FromTheOtherCopy'); }
    }
    Condition('A')(Plugin.prototype, 'a', {} as never);
    Reconciler({ for: Plugged as unknown as KindClass, name: 'plugin' })(Plugin);

    const plan = compile([Plugin]).reconcilers[0]!;
    const object: KubeObject = {
      apiVersion: 'plugin.example.com/v1', kind: 'Plugged',
      metadata: { name: 'p', uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z', labels: {}, annotations: {} },
    };
    const host = new FakeHost(object);
    await runKey({ plan, instance: new Plugin(), object, host, memory: new KeyMemory(), triggers: [], attempt: 0 });
    const { status } = host.object as KubeObject & { status: { conditions: { type: string; reason: string }[] } };
    expect(status.conditions.map(({ type, reason }) => `${type} ${reason}`)).to.deep.equal(['A FromTheOtherCopy', 'Ready Ready']);
  });
});
