import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Admission, AdmissionVerdict } from '../dsl/admission.js';
import { Defaults, Validates } from '../dsl/admission.js';
import { Field, ResourceKind } from '../dsl/kind-decorators.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import { createOperator } from '../runtime/operator.js';
import { reconcilers } from '../runtime/reconcilers.js';
import { testBed } from '../testing/index.js';

const ROOT = new URL('../../../../', import.meta.url);

class ShopSpec {
  @Field(s.int()) declare size: number;
  @Field(s.string().optional()) declare note?: string;
}
@ResourceKind({ group: 'shop.example.com', version: 'v1', kind: 'Shop', scope: 'Cluster', spec: () => ShopSpec })
class Shop extends Resource<ShopSpec, unknown> {}

class ShopRules {
  @Validates(Shop)
  size({ spec }: Shop, { old, warn }: Admission<Shop>): AdmissionVerdict {
    if (old && spec.size < old.spec.size) warn('shelves beyond the new size are lost');
    return spec.size > 10 ? [{ field: 'spec.size', value: spec.size, message: 'has to be 10 at most' }] : undefined;
  }

  @Defaults(Shop)
  note(shop: Shop): void {
    shop.spec.note ??= `size ${shop.spec.size}`;
  }
}

/** Never called: it only has to compile. */
export const shopOperator = (): unknown =>
  createOperator({ name: 'shop', webhooks: { service: { namespace: 'shop', name: 'shop' } } }).use(reconcilers(ShopRules));

describe('The webhooks of the guide', () => {
  it('are these, which do what it says', async () => {
    const guide = /```ts\n([^]*?)```/.exec(readFileSync(new URL('docs/guides/webhooks.md', ROOT), 'utf8'))?.[1] ?? '';
    const source = readFileSync(new URL('src/operator/webhook/guide.test.ts', ROOT), 'utf8');
    for (const line of guide.split('\n').map((each) => each.trim()).filter((each) => !each.startsWith('import '))) expect(source).to.contain(line);
    const bed = await testBed(reconcilers(ShopRules));
    expect((await bed.api.create(Shop, { metadata: { name: 'a' }, spec: { size: 3 } })).spec.note).to.equal('size 3');
    const refused = await bed.api.create(Shop, { metadata: { name: 'b' }, spec: { size: 11 } }).catch((error: Error) => error.message);
    expect(refused).to.contain('spec.size: Invalid value: 11: has to be 10 at most');
    await bed.close();
  });
});
