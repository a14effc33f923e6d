import { expect } from 'chai';
import type { Budget } from '../api/nodepool.js';
import { existingNode, nodePool } from '../../test/support/workloads.js';
import { allowedDisruptions, remainingBudgets } from './budgets.js';

const MONDAY_TEN = Date.parse('2026-01-05T10:00:00Z');
const hour = 3_600_000;
const allowed = (budgets: Budget[] | undefined, counted = 10, now = MONDAY_TEN, reason: 'Empty' | 'Drifted' | 'Underutilized' = 'Empty'): number =>
  allowedDisruptions(nodePool('default', { disruption: budgets ? { budgets } : {} }), reason, counted, now);

describe('budgets', () => {
  it('allow a number, or a share of the nodes rounded up; a tenth by default', () => {
    expect(allowed([{ nodes: '3' }])).to.equal(3);
    expect(allowed([{ nodes: '10%' }], 19)).to.equal(2);
    expect(allowed([{ nodes: '100%' }], 7)).to.equal(7);
    expect(allowed(undefined, 1)).to.equal(1);
    expect(allowed([])).to.equal(Number.POSITIVE_INFINITY);
  });

  it('allow what the strictest of those that apply allows', () => {
    const budgets: Budget[] = [{ nodes: '5' }, { nodes: '2', reasons: ['Drifted'] }, { nodes: '0', reasons: ['Underutilized'] }];
    expect(allowed(budgets)).to.equal(5);
    expect(allowed(budgets, 10, MONDAY_TEN, 'Drifted')).to.equal(2);
    expect(allowed(budgets, 10, MONDAY_TEN, 'Underutilized')).to.equal(0);
    expect(allowed([{ nodes: '2', reasons: ['Drifted'] }])).to.equal(Number.POSITIVE_INFINITY);
  });

  it('count from the hit of their schedule until just before their duration has passed, in UTC', () => {
    const office: Budget[] = [{ nodes: '0', schedule: '0 9 * * 1-5', duration: '8h' }];
    expect(allowed(office)).to.equal(0);
    expect(allowed(office, 10, MONDAY_TEN - hour)).to.equal(0);
    expect(allowed(office, 10, MONDAY_TEN - hour - 1)).to.equal(Number.POSITIVE_INFINITY);
    expect(allowed(office, 10, MONDAY_TEN + 7 * hour - 1)).to.equal(0);
    expect(allowed(office, 10, MONDAY_TEN + 7 * hour)).to.equal(Number.POSITIVE_INFINITY);
    expect(allowed(office, 10, MONDAY_TEN - 24 * hour)).to.equal(Number.POSITIVE_INFINITY);
    expect(allowed([{ nodes: '1', schedule: '@daily', duration: '10h' }], 10, MONDAY_TEN - 1)).to.equal(1);
  });

  it('hit when either the day of the month or the day of the week does', () => {
    const either: Budget[] = [{ nodes: '0', schedule: '0 0 13 * 1', duration: '24h' }];
    expect(allowed(either)).to.equal(0);
    expect(allowed(either, 10, Date.parse('2026-01-13T10:00:00Z'))).to.equal(0);
    expect(allowed(either, 10, Date.parse('2026-01-14T10:00:00Z'))).to.equal(Number.POSITIVE_INFINITY);
  });

  it('that cannot be read say what is wrong, whatever reason they are for', () => {
    expect(() => allowed([{ nodes: 'some' }])).to.throw('NodePool "default": budget nodes "some" cannot be read');
    expect(() => allowed([{ nodes: '1', schedule: 'now and then', duration: '1h', reasons: ['Drifted'] }])).to.throw('budget schedule "now and then" cannot be read');
    expect(() => allowed([{ nodes: '1', schedule: '@daily', duration: 'long' }])).to.throw('budget duration "long" cannot be read');
    expect(() => allowed([{ nodes: '1', schedule: '0 0 9 * * 1', duration: '1h' }])).to.throw('budget schedule');
  });

  it('count initialised nodes, and take off those that are down or going', () => {
    const ready = (name: string, rest: object = {}) => existingNode(name, { nodePool: 'default', node: { metadata: { name }, status: { conditions: [{ type: 'Ready', status: 'True' }] } }, ...rest });
    const nodes = [
      ...Array.from({ length: 10 }, (_, index) => ready(`ready-${index}`)), ready('down', { node: { metadata: { name: 'down' } } }), ready('going', { markedForDeletion: true }),
      ready('starting', { initialized: false }), ready('other', { nodePool: 'other' }),
    ];
    const pool = nodePool('default', { disruption: { budgets: [{ nodes: '50%' }] } });
    const { remaining, usage } = remainingBudgets([pool], nodes, 'Empty', MONDAY_TEN);
    expect(usage.get('default')).to.deep.equal({ counted: 12, allowed: 6, consuming: 2 });
    expect(remaining.get('default')).to.equal(4);
  });

  it('leave nothing when more nodes are down than they allow', () => {
    const nodes = Array.from({ length: 19 }, (_, index) => existingNode(`node-${index}`, {
      nodePool: 'default', node: { metadata: { name: `node-${index}` }, status: { conditions: [{ type: 'Ready', status: index < 3 ? 'False' : 'True' }] } },
    }));
    const { remaining, usage } = remainingBudgets([nodePool('default', { disruption: { budgets: [{ nodes: '10%' }] } })], nodes, 'Empty', MONDAY_TEN);
    expect(usage.get('default')).to.deep.equal({ counted: 19, allowed: 2, consuming: 3 });
    expect(remaining.get('default')).to.equal(0);
  });

  it('that are broken allow nothing', () => {
    const { remaining, errors } = remainingBudgets([nodePool('default', { disruption: { budgets: [{ nodes: 'some' }] } })], [], 'Empty', MONDAY_TEN);
    expect(remaining.get('default')).to.equal(0);
    expect(errors).to.have.length(1);
  });
});
