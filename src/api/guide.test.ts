import { expect } from 'chai';
import { readFileSync, readdirSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { kindRefOf } from '../operator/dsl/kind-plan.js';
import type { KubeObject } from '../operator/kube/object.js';
import { testBed } from '../operator/testing/index.js';
import type { TestBed } from '../operator/testing/index.js';
import { EC2NodeClass } from './ec2nodeclass.js';
import { NodeClaim } from './nodeclaim.js';
import { NodePool } from './nodepool.js';
import { EC2NodeClassV1Beta1 } from './v1beta1/ec2nodeclass.js';
import { NodePoolV1Beta1 } from './v1beta1/nodepool.js';

const GUIDE = 'config/samples/guide';
const KINDS = [NodePool, NodePoolV1Beta1, EC2NodeClass, EC2NodeClassV1Beta1].map(kindRefOf);
const documents = readdirSync(GUIDE).filter((file) => /nodepool|ec2nodeclass/.test(file));
const parsed = (file: string): unknown[] => parseAllDocuments(readFileSync(`${GUIDE}/${file}`, 'utf8')).map((document) => document.toJS() as unknown);

describe('The guide', () => {
  let bed: TestBed;
  before(async () => {
    bed = await testBed({ kinds: [NodePool, NodeClaim, EC2NodeClass] });
  });
  after(() => bed.close());

  it('has pools and node classes', () => expect(documents).to.have.length.greaterThan(15));

  for (const file of documents) {
    it(`has ${file}, accepted as printed with no field unknown`, async () => {
      for (const object of parsed(file) as KubeObject[]) {
        const kind = KINDS.find(({ group, version, kind: name }) => object.apiVersion === `${group}/${version}` && object.kind === name);
        expect(kind, `${object.apiVersion} ${object.kind}`).to.not.equal(undefined);
        await bed.api.client.create(kind as NonNullable<typeof kind>, object, { dryRun: true, fieldValidation: 'Strict' });
      }
    });
  }

  it('lists requirements that a pool takes', async () => {
    const [requirements] = parsed('05-snippet-requirements.yaml');
    await bed.api.client.create(kindRefOf(NodePool), { metadata: { name: 'snippet' }, spec: { template: { spec: { requirements } } } } as never, { dryRun: true, fieldValidation: 'Strict' });
  });
});
