import { Defaults, Field, Resource, ResourceKind, Validates, s } from '../../src/operator/index.js';
import type { Admission, AdmissionVerdict } from '../../src/operator/index.js';

// The kind and the webhooks of docs/guides/webhooks.md.

export class ShopSpec {
  @Field(s.int()) declare size: number;
  @Field(s.string().optional()) declare note?: string;
}
@ResourceKind({ group: 'shop.example.com', version: 'v1', kind: 'Shop', scope: 'Cluster', spec: () => ShopSpec })
export class Shop extends Resource<ShopSpec, unknown> {}

export class ShopRules {
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
