import { expect } from 'chai';
import { SandboxProcess, hasKubectl } from '../support/sandbox-process.js';
import { GUIDE, guideSuite } from './guide-suite.js';

describe('the guide', function guide() {
  this.timeout(120_000);
  const sandbox = new SandboxProcess();

  before(async () => {
    if (!hasKubectl) console.warn('NOT RUN: kubectl is not on the path; the guide is applied by karpenter-ts itself and read over HTTP, its kubectl commands are left out');
    await sandbox.start('--speed', '60', ...(hasKubectl ? [] : ['--apply', GUIDE]));
  });
  after(async () => {
    expect(await sandbox.stop(), sandbox.output).to.equal(0);
  });

  guideSuite(sandbox);
});
