import { expect } from 'chai';
import { SandboxProcess } from '../support/sandbox-process.js';
import { interruptionSuite } from './interruption-suite.js';

describe('interruption messages', function interruption() {
  this.timeout(120_000);
  const sandbox = new SandboxProcess();

  before(() => sandbox.start('--speed', '20', '--apply', 'config/samples/guide'));
  after(async () => {
    expect(await sandbox.stop(), sandbox.output).to.equal(0);
  });

  interruptionSuite(sandbox);
});
