import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { createOperator } from '../runtime/operator.js';
import { reconcilers } from '../runtime/reconcilers.js';
import { testBed } from '../testing/index.js';
import { Shop, ShopRules } from '../../../test/support/shop.js';

const ROOT = new URL('../../../../', import.meta.url);

/** Never called: it only has to compile. */
export const shopOperator = (): unknown =>
  createOperator({ name: 'shop', webhooks: { service: { namespace: 'shop', name: 'shop' } } }).use(reconcilers(ShopRules));

describe('The webhooks of the guide', () => {
  it('are these, which do what it says', async () => {
    const guide = /```ts\n([^]*?)```/.exec(readFileSync(new URL('docs/guides/webhooks.md', ROOT), 'utf8'))?.[1] ?? '';
    const source = ['test/support/shop.ts', 'src/operator/webhook/guide.test.ts'].map((file) => readFileSync(new URL(file, ROOT), 'utf8')).join('');
    for (const line of guide.split('\n').map((each) => each.trim()).filter((each) => !each.startsWith('import '))) expect(source).to.contain(line);
    const bed = await testBed(reconcilers(ShopRules));
    expect((await bed.api.create(Shop, { metadata: { name: 'a' }, spec: { size: 3 } })).spec.note).to.equal('size 3');
    const refused = await bed.api.create(Shop, { metadata: { name: 'b' }, spec: { size: 11 } }).catch((error: Error) => error.message);
    expect(refused).to.contain('spec.size: Invalid value: 11: has to be 10 at most');
    await bed.close();
  });
});
