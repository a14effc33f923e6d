import { expect } from 'chai';
import { VirtualClock } from '../testing/virtual-clock.js';
import { Terminal } from '../dsl/outcome.js';
import { createLogger } from './winston-logger.js';

describe('the log', () => {
  it('samples floods of one message: a hundred a second, then every hundredth', async () => {
    const clock = new VirtualClock();
    const lines: string[] = [];
    const log = createLogger({ clock, write: (line) => lines.push(line) });
    for (let times = 0; times < 1_000; times += 1) log.child({ times }).error('Reconciler error');
    log.info('something else');
    expect(lines).to.have.length(110);
    await clock.advance('1s');
    log.error('Reconciler error');
    expect(lines).to.have.length(111);
  });

  it('never fails its caller, whatever it is given', () => {
    const lines: string[] = [];
    const log = createLogger({ clock: new VirtualClock(), write: (line) => lines.push(line) });
    const loop: Record<string, unknown> = { status: 404 };
    loop['self'] = loop;
    log.info('answered', { size: 10n, loop, name: 'a', broken: { toJSON: () => { throw new Error('defect'); } } });
    expect(JSON.parse(lines[0] as string)).to.deep.include({ message: 'answered', name: 'a', size: '10n', loop: '<ref *1> { status: 404, self: [Circular *1] }' });
  });

  it('is JSON lines in Karpenter\'s fields, of which errors become their message and what they carry', () => {
    const lines: string[] = [];
    const log = createLogger({ clock: new VirtualClock(), write: (line) => lines.push(line), fields: { commit: 'abc1234' } });
    log.child({ controller: 'nodeclaim.lifecycle', name: 'a' }).error('Reconciler error', { error: new Terminal('no such class', 'NodeClassNotFound') });
    log.debug('unseen');
    expect(lines).to.have.length(1);
    expect(lines[0]?.endsWith('\n')).to.equal(true);
    expect(JSON.parse(lines[0] as string)).to.deep.equal({
      level: 'ERROR', time: '2024-01-01T00:00:00.000Z', logger: 'controller', message: 'Reconciler error',
      commit: 'abc1234', controller: 'nodeclaim.lifecycle', name: 'a', error: 'no such class', reason: 'NodeClassNotFound', terminal: true,
    });
  });
});
