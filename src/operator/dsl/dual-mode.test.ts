import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { compile } from './compile.js';
import type { ReconcilerClass } from './plan.js';

/** The same source as a user would write it with TypeScript's standard decorators. */
const SOURCE = `
import { Catches, Condition, Field, Finalizer, Reconciler, Resource, ResourceKind, Validation, Watches, Node, done, met, released, s } from 'karpenter-ts/operator';
import type { Key, Outcome, Release, StepContext } from 'karpenter-ts/operator';

class Spec {
  @Validation('self > 0', 'has to be positive')
  @Field(s.int()) size!: number;
}
@ResourceKind({ group: 'test.example.com', version: 'v1', kind: 'Gadget', scope: 'Cluster', spec: () => Spec, status: () => s.object({}) })
export class Gadget extends Resource<Spec, unknown, 'A' | 'B'> {}

class Base {
  @Condition('A', { latch: true })
  a(_gadget: Gadget, _ctx: StepContext<Gadget>): Outcome { return met(); }
}
@Reconciler({ for: Gadget, name: 'standard' })
export class Standard extends Base {
  override a(): Outcome { return met('Overridden'); }
  @Condition('B', { dependsOn: ['A'] })
  async b(_gadget: Gadget): Promise<Outcome> { return met(); }
  @Catches(RangeError)
  broken(_error: RangeError): Outcome { return done(); }
  @Watches(Node)
  gadgetsOf(_node: Node): Key<Gadget>[] { return []; }
  @Finalizer('example.com/cleanup')
  cleanup(): Release { return released(); }
}
@Reconciler({ for: Gadget, name: 'sibling', root: false })
export class Sibling extends Base {}

class Misuse {
  // @ts-expect-error a misspelled condition
  @Condition('C')
  c(_gadget: Gadget): Outcome { return met(); }
  // @ts-expect-error a field of another type
  @Field(s.int()) text!: string;
}
export const unused = Misuse;
`;

describe('standard decorators', () => {
  const directory = join('dist', '.standard-decorators');
  after(() => rm(directory, { recursive: true, force: true }));

  it('compile, check the same mistakes, and record the same as legacy ones', async function () {
    this.timeout(60_000);
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'standard.ts'), SOURCE);
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({
      compilerOptions: {
        target: 'ES2023', lib: ['ES2023', 'esnext.decorators'], module: 'nodenext', types: [], strict: true, noImplicitOverride: true,
        exactOptionalPropertyTypes: true, experimentalDecorators: false, skipLibCheck: true, outDir: '.', rootDir: '.',
      },
      files: ['standard.ts'],
    }));
    const { stdout } = await promisify(execFile)(process.execPath, ['node_modules/typescript/bin/tsc', '-p', directory]).catch((error: { stdout: string }) => error);
    expect(stdout).to.equal('');
    const { Standard, Sibling } = (await import(pathToFileURL(join(directory, 'standard.js')).href)) as Record<string, ReconcilerClass>;
    const { reconcilers: [plan], kinds } = compile([Standard as ReconcilerClass]);
    expect(plan?.steps.map(({ method, condition, latch, dependsOn }) => `${method} ${condition} ${latch} ${dependsOn.join()}`)).to.deep.equal(['a A true ', 'b B false A']);
    expect(plan?.catches[0]).to.deep.equal({ method: 'broken', errors: [RangeError] });
    expect(plan?.watches[0]).to.include({ method: 'gadgetsOf' });
    expect(plan?.finalizers).to.deep.equal([{ method: 'cleanup', name: 'example.com/cleanup' }]);
    expect(kinds[0]?.definition?.versions[0]?.schema.properties?.['spec']).to.deep.equal({
      type: 'object', required: ['size'], properties: { size: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 0', message: 'has to be positive' }] } },
    });
    expect(compile([Sibling as ReconcilerClass]).reconcilers[0]?.steps).to.have.length(1);
  });
});
