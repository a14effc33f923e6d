import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealServerUnavailable, hasRealServer, startRealServer } from './real-server.js';

describe('A real API server for tests', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assets-'));
  after(() => rmSync(folder, { recursive: true }));
  const problem = async (assets: string): Promise<string> => {
    const error: unknown = await startRealServer({ assets }).catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(RealServerUnavailable);
    return (error as Error).message;
  };

  it('says what is missing where it cannot be had', async () => {
    expect(await problem('')).to.equal('KUBEBUILDER_ASSETS is not set: it has to be a folder with the programs etcd and kube-apiserver, such as "setup-envtest use -p path" prints');
    expect(await problem(folder)).to.match(/^there is no etcd and no kube-apiserver in .*: it has to be a folder with/);
    writeFileSync(join(folder, 'etcd'), '');
    expect(await problem(folder)).to.match(/^there is no kube-apiserver in /);
    expect(hasRealServer(folder)).to.equal(false);
  });

  it('says what a program said that ends before it is ready, and leaves nothing behind', async () => {
    for (const name of ['etcd', 'kube-apiserver']) writeFileSync(join(folder, name), '#!/bin/sh\necho "this is the wrong machine"\nexit 3\n', { mode: 0o755 });
    expect(hasRealServer(folder)).to.equal(true);
    const error: unknown = await startRealServer({ assets: folder }).catch((cause: unknown) => cause);
    expect((error as Error).message).to.match(/^kube-apiserver ended with 3 before it was ready; it logged last:\nthis is the wrong machine/);
  });
});
