import 'reflect-metadata';
import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { Defaults, Field, Resource, ResourceKind, Validates, compile, createOperator, crdOf, reconcilers, s, silentLogger } from '../../src/operator/index.js';
import type { Admission, AdmissionVerdict } from '../../src/operator/index.js';
import { webhookConfigurations } from '../../src/operator/manifests/webhook-configurations.js';
import { Session } from '../conformance/session.js';
import { startControlPlane } from '../support/control-plane.js';
import type { ControlPlane } from '../support/control-plane.js';
import { freePort } from '../../src/operator/testing/real/free-port.js';
import { eventually } from '../support/sandbox-process.js';

class StallSpec {
  @Field(s.int()) declare size: number;
  @Field(s.string().optional()) declare note?: string;
}
@ResourceKind({ group: 'market.example.com', version: 'v1', kind: 'Stall', scope: 'Namespaced', spec: () => StallSpec })
class Stall extends Resource<StallSpec, unknown> {}

class StallRules {
  @Validates(Stall)
  size({ spec }: Stall, { old, warn }: Admission<Stall>): AdmissionVerdict {
    if (old && spec.size < old.spec.size) warn('shelves beyond the new size are lost');
    return spec.size > 10 ? [{ field: 'spec.size', value: spec.size, message: 'has to be 10 at most' }] : undefined;
  }

  @Defaults(Stall)
  note(stall: Stall): void {
    stall.spec.note ??= `size ${stall.spec.size}`;
  }
}

describe('Admission webhooks of an operator, called by a real API server', () => {
  const stop = new AbortController();
  let plane: ControlPlane;
  let session: Session;
  let running: Promise<void>;
  const stalls = (): string => session.in('stalls', 'market.example.com/v1');
  const stall = (name: string, size: number): object => ({ apiVersion: 'market.example.com/v1', kind: 'Stall', metadata: { name }, spec: { size } });

  before(async () => {
    plane = await startControlPlane({ controllerManager: true });
    session = new Session({ url: plane.url, ca: plane.ca, token: plane.adminToken });
    await session.open();
    const plan = compile([StallRules]);
    await session.define(crdOf(plan.kinds.find(({ kind }) => kind === 'Stall')!) as never);
    const port = await freePort();
    for (const configuration of webhookConfigurations(plan, 'market', { url: `https://127.0.0.1:${port}` })) {
      const { status, text } = await session.quiet('POST', `/apis/admissionregistration.k8s.io/v1/${configuration.kind.toLowerCase()}s`, configuration);
      expect(status, text).to.equal(201);
    }
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromFile(plane.kubeconfigFile);
    const webhooks = { port, host: '127.0.0.1', hosts: ['127.0.0.1'], service: { namespace: session.namespace, name: 'market' } };
    running = createOperator({ name: 'market', kubeconfig, logger: silentLogger, ports: false, processMetrics: false, webhooks }).use(reconcilers(StallRules)).run({ signal: stop.signal });
    await eventually('the webhooks answer', 30_000, async () => {
      const { status, text } = await session.quiet('POST', `${stalls()}?dryRun=All`, stall('try', 1));
      return status === 201 || text;
    });
  });
  after(async () => {
    stop.abort();
    await running;
    await session.close();
    await plane.stop();
  });

  it('fill in what is missing', async () => {
    const { status, body } = await session.quiet('POST', stalls(), stall('a', 3));
    expect([status, body.spec]).to.deep.equal([201, { size: 3, note: 'size 3' }]);
  });

  it('refuse with the field and the value, as the API server itself would', async () => {
    const { status, body } = await session.quiet('POST', stalls(), stall('b', 11));
    expect(status).to.equal(422);
    expect(body.message).to.contain('spec.size: Invalid value: 11: has to be 10 at most');
  });

  it('warn', async () => {
    const { status, headers } = await session.quiet('PATCH', `${stalls()}/a`, { spec: { size: 2 } }, { headers: { 'content-type': 'application/merge-patch+json' } });
    expect([status, headers['warning']]).to.deep.equal([200, '299 - "shelves beyond the new size are lost"']);
  });
});
