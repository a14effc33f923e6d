import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { graphCommand } from '../../src/cli/graph-command.js';
import type { PlanGraph } from '../../src/operator/index.js';

const draw = async (format: 'mermaid' | 'json', featureGates = ''): Promise<string> => {
  let text = '';
  await graphCommand('/', { format, featureGates }, (part) => (text += part));
  return text;
};

describe('The graph of Karpenter', () => {
  it('is the one in the documentation', async () => {
    const [, documented] = /```mermaid\n([^]*?)```/.exec(readFileSync('docs/reference/graph.md', 'utf8')) ?? [];
    expect(documented, '`make graph` writes it').to.equal(await draw('mermaid'));
  });

  it('has what feature gates bring', async () => {
    const names = async (gates: string): Promise<string[]> => (JSON.parse(await draw('json', gates)) as PlanGraph).reconcilers.map(({ name }) => name);
    const [without, with_] = [await names(''), await names('NodeOverlay=true')];
    expect(with_.filter((name) => !without.includes(name))).to.deep.equal(['nodeoverlay.status']);
  });
});
