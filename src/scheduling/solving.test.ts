import { expect } from 'chai';
import { nodePool, snapshot, upstreamCatalogue, upstreamMix } from '../../test/support/workloads.js';
import { solve, solving } from './solve.js';

describe('solving in steps', () => {
  const pods = upstreamMix(600);
  const input = snapshot([{ nodePool: nodePool('default'), instanceTypes: upstreamCatalogue() }]);

  it('pauses often enough for others to run: at reading, placing and handing out', () => {
    const steps = solving(input, pods);
    let pauses = 0;
    let result = steps.next();
    for (; !result.done; result = steps.next()) pauses += 1;
    expect(result.value).to.deep.equal(solve(input, pods));
    expect(pauses).to.be.at.least(pods.length / 64 + pods.length / 32 + result.value.newNodes.length / 16 - 3);
  });

  it('tells how many pods are left', () => {
    const told: number[] = [];
    solve(input, pods, { progress: (left) => told.push(left) });
    expect(told.length).to.be.at.least(pods.length / 32 - 1);
    expect(told[0]).to.be.within(pods.length - 64, pods.length - 1);
    expect(told.every((left, index) => index === 0 || left < (told[index - 1] as number))).to.equal(true);
  });

  it('is not disturbed by what is solved in its pauses', () => {
    const steps = solving(input, pods);
    const other = snapshot([{ nodePool: nodePool('other', { weight: 3 }), instanceTypes: upstreamCatalogue().slice(0, 7) }]);
    let result = steps.next();
    for (let pause = 0; !result.done; pause += 1) {
      if (pause % 20 === 0) solve(other, pods.slice(0, 50));
      result = steps.next();
    }
    expect(result.value).to.deep.equal(solve(input, pods));
  });
});
