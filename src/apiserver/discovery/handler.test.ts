import { expect } from 'chai';
import type { JsonObject } from '../contracts.js';
import { createRegistry } from '../kinds/registry.js';
import { createDiscovery } from './handler.js';
import { compareVersions } from './version-order.js';

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const KUBECTL = `${AGGREGATED},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json`;

describe('Discovery', () => {
  const registry = createRegistry();
  const discovery = createDiscovery(registry);
  const get = (path: string, accept = 'application/json', headers: Record<string, string> = {}): { status: number; headers: Record<string, string>; body: JsonObject & { items: JsonObject[]; resources: JsonObject[]; groups: JsonObject[] } } | undefined => {
    const answer = discovery({ path, query: new URLSearchParams(), headers: { accept, ...headers } });
    return answer && { ...answer, body: (answer.body === '' ? {} : JSON.parse(answer.body as string)) as never };
  };

  it('lists groups and versions for clients of old', () => {
    expect(get('/api')!.body).to.deep.include({ kind: 'APIVersions', versions: ['v1'] });
    const autoscaling = get('/apis')!.body.groups.find(({ name }) => name === 'autoscaling');
    expect(autoscaling).to.deep.equal({
      name: 'autoscaling',
      versions: [{ groupVersion: 'autoscaling/v2', version: 'v2' }, { groupVersion: 'autoscaling/v1', version: 'v1' }],
      preferredVersion: { groupVersion: 'autoscaling/v2', version: 'v2' },
    });
    expect(get('/apis/apps')!.body).to.deep.include({ kind: 'APIGroup', name: 'apps' });
  });

  it('lists the resources of a version with short names, categories and subresources', () => {
    const { resources } = get('/apis/apps/v1')!.body;
    expect(resources.find(({ name }) => name === 'deployments')).to.deep.equal({
      name: 'deployments', singularName: 'deployment', namespaced: true, kind: 'Deployment', shortNames: ['deploy'], storageVersionHash: '8aSe+NMegvE=', categories: ['all'],
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
    });
    expect(resources.find(({ name }) => name === 'deployments/scale')).to.deep.include({ kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ['get', 'patch', 'update'] });
    expect(get('/api/v1')!.body.resources.map(({ name }) => name)).to.include.members(['pods', 'pods/log', 'pods/eviction', 'pods/binding', 'nodes/status', 'pods/exec', 'services/proxy']);
  });

  it('tells everything at once to clients that ask for it', () => {
    const answer = get('/apis', KUBECTL)!;
    expect(answer.headers['content-type']).to.equal(AGGREGATED);
    const apps = answer.body.items.find(({ metadata }) => (metadata as JsonObject)['name'] === 'apps') as unknown as { versions: { version: string; freshness: string; resources: JsonObject[] }[] };
    expect(apps.versions[0]).to.include({ version: 'v1', freshness: 'Current' });
    expect(apps.versions[0]!.resources.find(({ resource }) => resource === 'statefulsets')).to.deep.include({ scope: 'Namespaced', singularResource: 'statefulset', shortNames: ['sts'], responseKind: { group: '', version: '', kind: 'StatefulSet' } });
    expect(get('/api', KUBECTL)!.body.items).to.have.length(1);
  });

  it('answers 304 to those who have it already', () => {
    const { etag } = get('/apis', KUBECTL)!.headers;
    expect(get('/apis', KUBECTL, { 'if-none-match': etag! })!.status).to.equal(304);
  });

  it('shows what is added and forgets what is taken away', () => {
    const [template] = registry.list();
    const added = { ...template!, group: 'example.com', version: 'v1', plural: 'things', kind: 'Thing' };
    registry.replace([], [added]);
    expect(get('/apis/example.com/v1')!.body.resources).to.have.length(1);
    registry.replace([added], []);
    expect(get('/apis/example.com/v1')).to.equal(undefined);
  });

  it('leaves all other paths alone', () => {
    for (const path of ['/api/v1/pods', '/apis/apps/v1/deployments', '/apis/nothing', '/version', '/apiserver']) expect(get(path), path).to.equal(undefined);
  });

  it('orders versions by stability and age', () => {
    expect(['v1beta1', 'v2', 'v1alpha1', 'foo', 'v10', 'v1', 'v1beta2', 'bar'].sort(compareVersions)).to.deep.equal(['v10', 'v2', 'v1', 'v1beta2', 'v1beta1', 'v1alpha1', 'bar', 'foo']);
  });
});
