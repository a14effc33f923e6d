import { expect } from 'chai';
import fc from 'fast-check';
import { seededRandom } from '../../src/operator/random.js';
import { solve } from '../../src/scheduling/index.js';
import { brokenConstraints } from '../support/constraint-checker.js';
import { MUTATIONS } from '../support/mutations.js';
import type { Answered } from '../support/mutations.js';
import { scenarios } from '../support/scenarios.js';
import type { Scenario } from '../support/scenarios.js';
import { cloudCatalogue, nodePool, services, snapshot, upstreamCatalogue, upstreamMix } from '../support/workloads.js';

/** Good answers to various questions. */
function goodAnswers(): Answered[] {
  const cloud = { nodePool: nodePool('default'), instanceTypes: cloudCatalogue() };
  const asked: Scenario[] = [
    ...fc.sample(scenarios, { numRuns: 100, seed: 4 }),
    { cluster: snapshot([cloud]), pods: services(8, 5), options: {} },
    { cluster: snapshot([{ nodePool: nodePool('default'), instanceTypes: upstreamCatalogue(20) }]), pods: upstreamMix(40), options: {} },
  ];
  return asked.map((scenario) => ({ ...scenario, decision: solve(scenario.cluster, scenario.pods, scenario.options) }));
}

describe('the constraint checker', () => {
  const answers = goodAnswers();

  it('finds nothing wrong with good answers', () => {
    for (const { cluster, pods, decision, options } of answers) expect(brokenConstraints(cluster, pods, decision, options)).to.deep.equal([]);
  });

  for (const [name, { says, make }] of Object.entries(MUTATIONS)) {
    it(`notices when ${name}`, () => {
      const random = seededRandom(1);
      const wrong = answers.flatMap((good) => make(good, random) ?? []).slice(-12);
      expect(wrong.length, 'mutated answers').to.be.at.least(2);
      for (const { cluster, pods, decision, options } of wrong) expect(brokenConstraints(cluster, pods, decision, options).join('\n')).to.match(says);
    });
  }
});
