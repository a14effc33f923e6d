import { expect } from 'chai';
import { SandboxProcess } from '../support/sandbox-process.js';
import { lifecycleSuite } from './lifecycle-suite.js';

describe('the life of the guide\'s cluster', function life() {
  this.timeout(180_000);
  const sandbox = new SandboxProcess();

  before(() => sandbox.start('--speed', '60', '--apply', 'config/samples/guide'));
  after(async () => {
    expect(await sandbox.stop(), sandbox.output).to.equal(0);
  });

  lifecycleSuite(sandbox);
});
