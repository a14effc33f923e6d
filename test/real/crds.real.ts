import 'reflect-metadata';
import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { StoredVersionMigration } from '../../reconcilers/migration/stored-version-migration.js';
import type { JsonObject } from '../../src/apiserver/index.js';
import { createOperator, reconcilers, silentLogger } from '../../src/operator/index.js';
import { Session } from '../conformance/session.js';
import type { Answer, Body } from '../conformance/session.js';
import { startControlPlane } from '../support/control-plane.js';
import type { ControlPlane } from '../support/control-plane.js';
import { freePort } from '../../src/operator/testing/real/free-port.js';
import { ROOT, eventually } from '../support/sandbox-process.js';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const PLURALS: Record<string, string> = { NodePool: 'nodepools', NodeClaim: 'nodeclaims', EC2NodeClass: 'ec2nodeclasses' };
const yamlFiles = (folder: string): string[] => readdirSync(join(ROOT, folder)).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml').sort();

/** The guide's pools and classes, all in v1beta1, by file. */
const GUIDE = yamlFiles('config/samples/guide').filter((file) => !file.includes('snippet')).flatMap((file) =>
  parseAllDocuments(readFileSync(join(ROOT, 'config/samples/guide', file), 'utf8')).map((document) => ({ file, object: document.toJS() as Body })).filter(({ object }) => PLURALS[object.kind]));

/** What of a value another one speaks of: without the defaults that it got since. The guide's `kmsKeyId` is kept as `kmsKeyID`. */
const spokenOf = (value: Body, wanted: Body): Body => {
  if (Array.isArray(wanted) && Array.isArray(value)) return value.map((item, index) => spokenOf(item, wanted[index]));
  if (typeof wanted !== 'object' || wanted === null || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, spokenOf(value[key === 'kmsKeyId' ? 'kmsKeyID' : key], wanted[key])]));
};

describe('Our CRDs on a real API server', () => {
  let plane: ControlPlane;
  let session: Session;
  let port = 0;
  let stopOperator = (): Promise<void> => Promise.resolve();
  const definitions = yamlFiles('crds').map((file) => parse(readFileSync(join(ROOT, 'crds', file), 'utf8')) as Body);

  before(async () => {
    plane = await startControlPlane({ controllerManager: true });
    session = new Session({ url: plane.url, ca: plane.ca, token: plane.adminToken });
    await session.quiet('POST', '/api/v1/namespaces', { metadata: { name: 'karpenter' } });
    port = await freePort();
    for (const { spec } of definitions) if (spec.conversion?.webhook) spec.conversion.webhook.clientConfig = { url: `https://127.0.0.1:${port}/convert` };
  });
  after(async () => {
    await stopOperator();
    await session.close();
    await plane.stop();
  });

  /** An operator that converts, and does nothing else than migrate. */
  const startOperator = (): void => {
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromFile(plane.kubeconfigFile);
    const operator = createOperator({ name: 'karpenter', kubeconfig, logger: silentLogger, ports: false, processMetrics: false, webhooks: { port, host: '127.0.0.1', hosts: ['127.0.0.1'], service: { namespace: 'karpenter', name: 'karpenter' } } });
    const stop = new AbortController();
    const running = operator.use(reconcilers(StoredVersionMigration)).run({ signal: stop.signal });
    stopOperator = () => { stop.abort(); return running; };
  };
  const pathOf = ({ apiVersion, kind }: Body, version?: string): string => `/apis/${(apiVersion as string).split('/')[0]}/${version ?? (apiVersion as string).split('/')[1]}/${PLURALS[kind]}`;
  const get = async (path: string): Promise<Body> => (await session.quiet('GET', path)).body;
  const warningOf = ({ headers }: Answer): string => headers['warning'] ?? '';

  for (const file of yamlFiles('crds')) {
    it(`${file} is accepted without a warning, its rules within the cost that they may have`, async () => {
      const definition = definitions[yamlFiles('crds').indexOf(file)];
      const answer = await session.quiet('POST', CRDS, definition);
      expect([answer.status, warningOf(answer), answer.body.message]).to.deep.equal([201, '', undefined]);
      await session.until(`${CRDS}/${definition.metadata.name}`, ({ body }) => body.status.conditions?.some(({ type, status }: Body) => type === 'Established' && status === 'True'));
      const { body: { status } } = await session.quiet('GET', `${CRDS}/${definition.metadata.name}`);
      expect(status.conditions.filter(({ type }: Body) => type === 'NonStructuralSchema')).to.deep.equal([]);
    });
  }

  it('refuse the old version while nobody converts', async () => {
    const { object } = GUIDE.find(({ object: { kind } }) => kind === 'NodePool')!;
    const { status, body } = await session.quiet('POST', pathOf(object), object);
    expect([status, body.message]).to.satisfy(([code, message]: [number, string]) => code === 500 && message.includes('conversion webhook for karpenter.sh/v1beta1, Kind=NodePool failed'));
  });

  it('convert as soon as the operator serves', async () => {
    startOperator();
    await eventually('the API server trusts the certificate', 20_000, async () => {
      const answers = await Promise.all(GUIDE.map(({ object }) => session.quiet('POST', `${pathOf(object)}?dryRun=All`, object)));
      return answers.every(({ status }) => status === 201) || answers.find(({ status }) => status !== 201)!.text;
    });
  });

  it('accept everything in the guide as it is printed, and lose nothing of it on the way to v1 and back', async () => {
    for (const { file, object } of GUIDE) {
      const path = pathOf(object);
      const { metadata: { name } } = object;
      const answer = await session.quiet('POST', `${path}?fieldValidation=Strict`, object);
      // The same object comes again in later sections.
      expect([201, 409], `${file}: ${answer.text}`).to.include(answer.status);
      if (answer.status === 409) {
        const replaced = await session.quiet('PATCH', `${path}/${name}?fieldManager=guide&force=true&fieldValidation=Strict`, object, { headers: { 'content-type': 'application/apply-patch+yaml' } });
        expect(replaced.status, `${file}: ${replaced.text}`).to.equal(200);
      } else expect(spokenOf(answer.body.spec, object.spec), file).to.deep.equal(object.spec);
      const { apiVersion, spec } = await get(`${pathOf(object, 'v1')}/${name}`);
      expect(apiVersion).to.match(/\/v1$/);
      const again = await session.quiet('PUT', `${pathOf(object, 'v1')}/${name}?fieldValidation=Strict`, { apiVersion, kind: object.kind, metadata: (await get(`${pathOf(object, 'v1')}/${name}`)).metadata, spec });
      expect([again.status, again.body.spec], `${file}: ${again.text}`).to.deep.equal([200, spec]);
      expect(spokenOf((await get(`${path}/${name}`)).spec, object.spec), file).to.deep.equal(object.spec);
    }
  });

  it('take the guide in v1 too, as a client of v1 would write it', async () => {
    for (const { file, object } of GUIDE) {
      const { apiVersion, kind, spec } = await get(`${pathOf(object, 'v1')}/${object.metadata.name}`);
      const { status, text, body } = await session.quiet('POST', `${pathOf(object, 'v1')}?dryRun=All&fieldValidation=Strict`, { apiVersion, kind, metadata: { name: `again-${object.metadata.name}` }, spec });
      expect(status, `${file}: ${text}`).to.equal(201);
      expect(body.spec, file).to.deep.equal(spec);
    }
  });

  const refused: [string, JsonObject, string][] = [
    ['an unknown field', { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name: 'bad' }, spec: { template: { spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, requirements: [], kmsKeyIdd: 'x' } } } }, 'unknown field "spec.template.spec.kmsKeyIdd"'],
    ['a reserved label', { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name: 'bad' }, spec: { template: { metadata: { labels: { 'karpenter.sh/nodepool': 'x' } }, spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, requirements: [] } } } }, 'karpenter.sh/nodepool'],
    ['an operator without values', { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name: 'bad' }, spec: { template: { spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, requirements: [{ key: 'kubernetes.io/arch', operator: 'In' }] } } } }, 'requirements with operator \'In\' must have a value defined'],
    ['an alias beside ids', { apiVersion: 'karpenter.k8s.aws/v1', kind: 'EC2NodeClass', metadata: { name: 'bad' }, spec: { amiSelectorTerms: [{ alias: 'al2023@latest', id: 'ami-123' }], subnetSelectorTerms: [{ id: 'subnet-123' }], securityGroupSelectorTerms: [{ id: 'sg-123' }], role: 'x' } }, 'alias'],
  ];
  for (const [what, object, problem] of refused) {
    it(`refuse ${what}`, async () => {
      const { status, text } = await session.quiet('POST', `${pathOf(object)}?fieldValidation=Strict`, object);
      expect([400, 422], text).to.include(status);
      expect(text.replaceAll('\\"', '"')).to.contain(problem);
    });
  }

  it('keep claims from being changed, by a rule with oldSelf', async () => {
    const claim = { apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim', metadata: { name: 'a' }, spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, requirements: [] } };
    expect((await session.quiet('POST', pathOf(claim), claim)).status).to.equal(201);
    const { status, body } = await session.quiet('PATCH', `${pathOf(claim)}/a`, { spec: { expireAfter: '1h' } }, { headers: { 'content-type': 'application/merge-patch+json' } });
    expect([status, body.message]).to.deep.equal([422, 'NodeClaim.karpenter.sh "a" is invalid: spec: Invalid value: spec is immutable']);
  });

  it('say that no object is stored in the old version, once all have been stored anew', async () => {
    const path = `${CRDS}/nodepools.karpenter.sh`;
    const merge = { headers: { 'content-type': 'application/merge-patch+json' } };
    expect((await session.quiet('PATCH', `${path}/status`, { status: { storedVersions: ['v1beta1', 'v1'] } }, merge)).status).to.equal(200);
    const before = await get('/apis/karpenter.sh/v1/nodepools');
    // The migration looks once an hour: begun anew, it looks now.
    await stopOperator();
    startOperator();
    await eventually('only v1 is stored', 60_000, async () => {
      const { status: { storedVersions } } = await get(path);
      return storedVersions.join() === 'v1' || storedVersions.join();
    });
    const after = await get('/apis/karpenter.sh/v1/nodepools');
    const versions = (list: Body): string[] => list.items.map(({ metadata: { resourceVersion } }: Body) => resourceVersion);
    expect(versions(after).some((version) => versions(before).includes(version)), 'all were written').to.equal(false);
  });
});
