import { expect } from 'chai';
import { problemsOf, suffer } from '../support/chaos-scenarios.js';
import { ChaosWorld } from '../support/chaos-world.js';

/** The others, for other times and with streamed lists, are in `make test-chaos`. */
const QUICK = ['black hole', 'half-open connections', 'reset connections', '429 with Retry-After', 'expired watches', 'truncated JSON', 'rotated certificate', 'rotated token', 'clock set back by an hour'];

describe('An operator behind a link that goes wrong', function chaos() {
  this.timeout(60_000);
  let world: ChaosWorld;
  before(async () => {
    world = await ChaosWorld.start({ seed: 7 });
  });
  after(() => world.close());

  for (const scenario of QUICK) {
    it(`is blind for less than 75 s after ${scenario}, loses nothing, and storms nobody`, async () => {
      const row = await suffer(world, scenario, scenario === 'black hole' ? '110s' : '40s');
      expect(problemsOf(row), JSON.stringify(row)).to.deep.equal([]);
    });
  }

  it('has said in its log and counted in its metrics what went wrong, opened no connections for good, and stops when it is told to', async () => {
    const said = world.logs.filter(({ message }) => /^watch (failed|silent)/.test(message)).map(({ message, error = '' }) => `${message}: ${error}`).join('\n');
    for (const words of [
      /watch silent; opening another/, /no answer to the watch of configmaps for 30s/, /no answer from the API server: .*ECONNRESET/, /ServiceUnavailable, says the proxy/,
      /the answer is not JSON/, /no answer from the API server: .*(certificate|self-signed|verify)/, /Unauthorized, says the proxy/,
    ]) expect(said).to.match(words);
    expect(world.logs.map(({ message, by }) => `${message} ${by ?? ''}`)).to.include('the clock differs from the API server\'s 1h behind');
    expect(await world.metrics()).to.match(/^operator_clock_skew_seconds -(3600|359\d)/m).and.match(/operator_informer_failures_total\{group="",kind="ConfigMap"\} [1-9]\d/).and.match(/operator_informer_steps_total\{group="",kind="Node",step="expired"\} [1-9]/);
    // Three watches, and one for each of ten workers and what they read.
    expect(world.proxy.open).to.be.at.most(15);
    expect(await world.close()).to.equal('stopped');
  });
});
