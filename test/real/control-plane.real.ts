import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startControlPlane } from '../support/control-plane.js';
import type { ControlPlane } from '../support/control-plane.js';
import { eventually } from '../support/sandbox-process.js';

const run = promisify(execFile);

describe('the real control plane', () => {
  let plane: ControlPlane;

  before(async () => { plane = await startControlPlane({ controllerManager: true, scheduler: true, kwok: true }); });
  after(() => plane.stop());

  const kubectl = async (...args: string[]): Promise<string> => (await run('kubectl', ['--kubeconfig', plane.kubeconfigFile, ...args])).stdout;

  it('has a version that kubectl can compare', async () => {
    const { serverVersion } = JSON.parse(await kubectl('version', '-o', 'json')) as { serverVersion: { major: string; minor: string; gitVersion: string } };
    expect(serverVersion).to.include({ major: '1', minor: '35', gitVersion: 'v1.35.0' });
  });

  it('schedules the pods of a Deployment to a node that kwok runs', async () => {
    await kubectl('create', '-f', 'test/real/kwok-node.yaml');
    await kubectl('create', 'deployment', 'web', '--image=web', '--replicas=2');
    await eventually('both pods run', 30_000, async () => {
      const phases = await kubectl('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].status.phase} {.items[*].spec.nodeName}');
      return phases === 'Running Running fake fake' || phases;
    });
  });

  it('knows by its token who asks, and lets users do what RBAC gives them', async () => {
    const as = (...args: string[]): Promise<string> => kubectl('--token', plane.token('ada', ['readers']), ...args);
    const { status } = JSON.parse(await as('auth', 'whoami', '-o', 'json')) as { status: { userInfo: { username: string; groups: string[] } } };
    expect(status.userInfo).to.include({ username: 'ada' }).and.to.have.deep.property('groups', ['readers', 'system:authenticated']);
    expect(await as('get', 'pods').catch((error: Error) => error.message)).to.contain('pods is forbidden: User "ada" cannot list resource "pods" in API group "" in the namespace "default"');
    await kubectl('create', 'clusterrolebinding', 'readers', '--clusterrole=view', '--group=readers');
    await eventually('ada may read', 10_000, async () => (await as('get', 'pods')).includes('web') || 'no pods');
  });
});
