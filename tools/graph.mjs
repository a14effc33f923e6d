// Writes docs/reference/graph.md: what watches what in Karpenter, as Mermaid, out of the compiled plan.
import { writeFileSync } from 'node:fs';
import { graphCommand } from '../dist/src/cli/graph-command.js';

let drawn = '';
await graphCommand('/', { format: 'mermaid', featureGates: '' }, (text) => { drawn += text; });
writeFileSync('docs/reference/graph.md', `# What watches what

Kinds (blue: Karpenter's own) and the reconcilers that they wake: thick from the kind that a reconciler is for, dashed from kinds and sources that it
watches, with the mapper's name, and solid to kinds that it owns. In a reconciler's box are its conditions in the order in which they need each other, a circle ends at the
condition that sums them up, and finalizers stand apart. Loops of their own are circles. \`karpenter-ts graph\` draws it, and in a project of
your own that project's; \`--format dot\` and \`--format json\` are for other tools, \`graphOf(plan)\` and \`renderGraph\` for programs. \`make graph\` writes this page.

\`\`\`mermaid
${drawn}\`\`\`
`);
