import { expect } from 'chai';
import { readFileSync, readdirSync } from 'node:fs';

/** They keep numbers, tables and Events: no fault can leave anything of them behind. */
const WRITE_NOTHING = ['DefaultSpreadSources', 'DiscoveredCapacity', 'PodLatencyMetrics', 'PodProtection', 'PoolCostRefresh', 'SsmInvalidation', 'ZonalShiftWatch'];

const read = (folder: string, wanted: (file: string) => boolean): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(wanted).map((file) => readFileSync(`${folder}/${file}`, 'utf8'));

describe('the stories under every fault', () => {
  it('are about every built-in reconciler that writes', () => {
    const sources = read('reconcilers', (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
    const classes = sources.flatMap((text) => [...text.matchAll(/^@(?:Reconciler|Singleton)\([^]*?^export class (\w+)/gm)].map(([, name]) => name as string));
    expect(classes.length).to.be.above(40);
    const stories = read('test/faults', (file) => file.endsWith('.test.ts') && file !== 'coverage.test.ts').join('\n');
    expect(classes.filter((name) => !new RegExp(`\\b${name}\\b`).test(stories)).sort()).to.deep.equal(WRITE_NOTHING);
  });
});
