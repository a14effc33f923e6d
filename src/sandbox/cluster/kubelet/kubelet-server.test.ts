import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { expect } from 'chai';
import { StatusError } from '../../../apiserver/index.js';
import type { LogOptions } from '../../../apiserver/index.js';
import { seededRandom } from '../../../operator/random.js';
import { VirtualClock } from '../../../operator/testing/virtual-clock.js';
import { issueAuthority } from '../../../operator/webhook/certificate.js';
import { KubeletServer } from './kubelet-server.js';

describe('The port of kubelets', () => {
  let server: KubeletServer;
  let asked: LogOptions | undefined;
  const clock = new VirtualClock();

  before(async () => {
    const certificate = await issueAuthority('test', { from: clock.now(), until: clock.now() + 1e9 }, seededRandom(1));
    server = await KubeletServer.listen({
      clock, certificate, podLogs: async function* (namespace, pod, container, options) {
        if (pod === 'new') throw new StatusError(400, 'BadRequest', 'container "web" in pod "new" is waiting to start: ContainerCreating');
        asked = options;
        yield `${namespace}/${pod}/${container}\n`;
        yield 'two\n';
      },
    });
  });
  after(() => server.close());

  const get = (path: string, headers: Record<string, string> = {}): Promise<string> => new Promise((resolve, reject) => {
    const { address: host, port } = server.endpoint;
    const read = (response: IncomingMessage): void => {
      let text = '';
      response.on('data', (chunk: Buffer) => { text += chunk.toString(); }).on('end', () => resolve(`${response.statusCode} ${text}`));
    };
    request({ host, port, path, headers, rejectUnauthorized: false, agent: false }, read).on('error', reject).on('upgrade', reject).end();
  });

  it('gives out the logs of containers as they were asked for', async () => {
    const since = new Date(clock.now() - 5_000).toISOString();
    expect(await get(`/containerLogs/default/a/web?tailLines=3&timestamps=true&sinceTime=${since}`)).to.equal('200 default/a/web\ntwo\n');
    expect(asked).to.deep.equal({ follow: false, previous: false, timestamps: true, tailLines: 3, sinceSeconds: 5 });
  });

  it('says why there are none', async () => {
    expect(await get('/containerLogs/default/new/web')).to.equal('400 container "web" in pod "new" is waiting to start: ContainerCreating');
  });

  it('tells those who would execute something that nothing runs', async () => {
    expect(await get('/exec/default/a/web?command=sh')).to.match(/^501 the sandbox runs no containers/);
    expect(await get('/exec/default/a/web?command=sh', { connection: 'upgrade', upgrade: 'SPDY/3.1' })).to.match(/^501 the sandbox runs no containers/);
  });

  it('is healthy, and serves nothing else', async () => {
    expect(await get('/healthz')).to.equal('200 ok');
    expect(await get('/pods')).to.equal("404 the sandbox's kubelets do not serve /pods");
  });
});
