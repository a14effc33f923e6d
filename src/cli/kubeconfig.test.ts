import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { certificateAuthorityOf } from './kubeconfig.js';

describe('The certificate authority of a kubeconfig', () => {
  const folder = mkdtempSync(join(tmpdir(), 'karpenter-ts-'));
  const caFile = join(folder, 'ca.crt');
  writeFileSync(caFile, 'PEM');
  after(() => rmSync(folder, { recursive: true }));

  const authority = (cluster: { caFile?: string; caData?: string }): Promise<string> => {
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromClusterAndUser({ name: 'here', server: 'https://here.example', skipTLSVerify: false, ...cluster }, { name: 'me' });
    return certificateAuthorityOf(kubeconfig);
  };

  it('is read from its file, as in a pod, unless it stands there', async () => {
    expect(await authority({ caFile })).to.equal(Buffer.from('PEM').toString('base64'));
    expect(await authority({ caFile, caData: 'UEVNMg==' })).to.equal('UEVNMg==');
    expect(await authority({})).to.equal('');
  });

  it('is told to be unreadable where it is', async () => {
    const error = await authority({ caFile: join(folder, 'none') }).catch((thrown: Error) => thrown.message);
    expect(error).to.match(/^cannot read the certificate authority of the kubeconfig: ENOENT/);
  });
});
