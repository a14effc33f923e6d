import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { createApiServer } from '../apiserver/index.js';
import { KubeClient, handlerTransport, isForbidden, systemClock, systemRandom } from '../operator/index.js';
import { accountKubeconfig, accountObjects, accountTransport } from './service-account.js';

describe('Karpenter\'s service account in a sandbox', () => {
  const server = createApiServer();
  const clients = { clock: systemClock(), random: systemRandom };
  const administrator = new KubeClient(handlerTransport(server), clients);
  const account = new KubeClient(accountTransport(handlerTransport(server)), clients);
  after(() => server.close());

  it('may do what its roles say, and nothing else', async () => {
    const list = (plural: string): Promise<object> => account.raw(`/api/v1/${plural}`);
    const refused = async (plural: string): Promise<string> => list(plural).then(() => 'allowed', (error: Error) => (isForbidden(error) ? error.message : `wrong: ${error.message}`));
    expect(await refused('nodes')).to.contain('User "system:serviceaccount:karpenter:karpenter" cannot list resource "nodes"');
    await administrator.create({ group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false }, { metadata: { name: 'karpenter' } });
    for (const [kind, object] of await accountObjects()) await administrator.create(kind, object);
    expect(await list('nodes')).to.have.property('kind', 'NodeList');
    expect(await refused('secrets')).to.contain('cannot list resource "secrets"');
  });

  it('is impersonated by the current user of a kubeconfig, which stays as it is', () => {
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromClusterAndUser({ name: 'here', server: 'https://here.example', skipTLSVerify: false }, { name: 'me', token: 'secret' });
    const copy = accountKubeconfig(kubeconfig);
    expect(copy.getCurrentUser()).to.deep.include({ token: 'secret', impersonateUser: 'system:serviceaccount:karpenter:karpenter' });
    expect(copy.getCurrentCluster()?.server).to.equal('https://here.example');
    expect(kubeconfig.getCurrentUser()).not.to.have.property('impersonateUser');
  });
});
