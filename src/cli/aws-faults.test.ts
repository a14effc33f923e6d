import { expect } from 'chai';
import { parseFault } from './aws-faults.js';

describe('faults on the command line', () => {
  it('add up', () => {
    const faults = ['latency=50ms', 'throttle=0.1', 'exhausted=t3.medium/*/spot', 'exhausted=*/us-west-2a'].reduce((so, text) => parseFault(text, so), undefined as ReturnType<typeof parseFault> | undefined);
    expect(faults).to.deep.equal({ dials: { latency: 50, throttleRate: 0.1 }, exhausted: [{ instanceType: 't3.medium', capacityType: 'spot' }, { zone: 'us-west-2a' }] });
  });

  for (const [text, message] of [['chaos=1', 'There is no fault "chaos"; there are latency'], ['throttle=2', '"2" is nothing for throttle'], ['exhausted=*/*/cheap', '"cheap" is no capacity type']] as const) {
    it(`refuse ${text}`, () => expect(() => parseFault(text)).to.throw(message));
  }
});
