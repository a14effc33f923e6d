import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSchedulerConfig } from './scheduler-config.js';

const ZONE = { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' };
const config = (...defaultConstraints: object[]): string => JSON.stringify({ podTopologySpread: { defaultConstraints } });

describe('the scheduler-config', () => {
  it('names default topology spread constraints, in YAML, in JSON, or in a file', () => {
    const yaml = 'podTopologySpread:\n  defaultConstraints:\n  - maxSkew: 1\n    topologyKey: topology.kubernetes.io/zone\n    whenUnsatisfiable: ScheduleAnyway\n';
    const folder = mkdtempSync(join(tmpdir(), 'scheduler-config-'));
    try {
      writeFileSync(join(folder, 'config.yaml'), yaml);
      for (const text of [yaml, config(ZONE), `@${join(folder, 'config.yaml')}`]) expect(parseSchedulerConfig(text)).to.deep.equal([ZONE]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('may be empty at every level', () => {
    for (const text of ['', '{}', '{"podTopologySpread": {}}', config()]) expect(parseSchedulerConfig(text)).to.deep.equal([]);
  });

  const refused: [what: string, text: string, message: string][] = [
    ['text that is no YAML', '{', 'setting scheduler-config is "{"; it must be YAML or JSON: '],
    ['a file that is not there', '@/nowhere/config.yaml', 'no such file'],
    ['a field that it does not know', '{"podTopologySpread": {}, "profiles": []}', 'scheduler-config profiles is "[]"; it must be absent: the fields here are podTopologySpread'],
    ['a field that constraints do not have', config({ ...ZONE, weight: 1 }), 'podTopologySpread.defaultConstraints[0].weight'],
    ['a list where a mapping belongs', '[]', 'a mapping with podTopologySpread'],
    ['a mapping where the list belongs', '{"podTopologySpread": {"defaultConstraints": {}}}', 'it must be a list'],
    ['no skew', config({ ...ZONE, maxSkew: 0 }), 'defaultConstraints[0].maxSkew is "0"; it must be a whole number above 0'],
    ['no topology key', config({ maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }), 'defaultConstraints[0].topologyKey is ""; it must be a label key'],
    ['a topology key that no label has', config({ ...ZONE, topologyKey: 'no key' }), 'is "no key"'],
    ['another answer to what cannot be met', config({ ...ZONE, whenUnsatisfiable: 'Perhaps' }), 'it must be "DoNotSchedule" or "ScheduleAnyway"'],
    ['a selector', config({ ...ZONE, labelSelector: {} }), 'deduced for each pod'],
    ['label keys to match', config({ ...ZONE, matchLabelKeys: ['a'] }), 'it means nothing'],
    ['the same twice', config(ZONE, { ...ZONE, maxSkew: 2 }), 'defaultConstraints[1]'],
  ];
  for (const [what, text, message] of refused) {
    it(`is refused with ${what}`, () => {
      expect(() => parseSchedulerConfig(text)).to.throw(message);
    });
  }
});
