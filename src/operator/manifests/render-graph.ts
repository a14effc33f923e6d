import { roughly } from '../duration.js';
import type { GraphReconciler, GraphSingleton, PlanGraph } from './graph.js';

/** How a graph is written down. */
export type GraphFormat = 'mermaid' | 'dot' | 'json';

/** The graph as text that ends with a line feed. The same graph always gives the same text. */
export const renderGraph = (graph: PlanGraph, format: GraphFormat): string => RENDERERS[format](graph);

const RENDERERS: Readonly<Record<GraphFormat, (graph: PlanGraph) => string>> = {
  json: (graph) => `${JSON.stringify(graph, undefined, 2)}\n`,
  mermaid: (graph) => draw(graph, MERMAID),
  dot: (graph) => draw(graph, DOT),
};

/** One notation for graphs. */
interface Notation {
  readonly open: readonly string[];
  readonly close: readonly string[];
  node(id: string, lines: readonly string[], shape: Shape): string;
  /** A box around nodes. */
  box(id: string, title: string, nodes: readonly string[]): readonly string[];
  /** `to` is in the box `toBox`, if it is in one. */
  edge(from: string, to: string, style: Style, label: string | undefined): string;
}

type Shape = 'kind' | 'foreign kind' | 'condition' | 'root' | 'loop' | 'event' | 'work' | 'finalizer';
type Style = 'reconciles' | 'watches' | 'owns' | 'needs' | 'counts';

/** Ids of nodes in both notations: letters, digits and underscores. */
const nodeId = (...words: readonly string[]): string => words.join('__').replace(/[^A-Za-z0-9_]/g, '_');

const escaped = (text: string): string => text.replaceAll('"', "'");

const MERMAID: Notation = {
  open: ['flowchart LR'],
  close: [
    '  classDef custom fill:#e8f0ff,stroke:#4a6fb5;',
    '  classDef condition fill:#eef8ee,stroke:#4f9a54;',
    '  classDef finalizer fill:#fdf0e6,stroke:#c07a35;',
  ],
  node(id, lines, shape) {
    const [open, close, style] = {
      kind: ['[', ']', ':::custom'], 'foreign kind': ['[', ']', ''], condition: ['([', '])', ':::condition'], root: ['{{', '}}', ':::condition'], loop: ['((', '))', ''],
      event: ['>', ']', ''], work: ['[/', '/]', ''], finalizer: ['[/', '/]', ':::finalizer'],
    }[shape] as [string, string, string];
    return `${id}${open}"${lines.map(escaped).join('<br/>')}"${close}${style}`;
  },
  box: (id, title, nodes) => [`  subgraph ${id}["${escaped(title)}"]`, ...nodes.map((node) => `    ${node}`), '  end'],
  edge(from, to, style, label) {
    const arrow = { reconciles: '==>', watches: '-.->', owns: '-->', needs: '-->', counts: '--o' }[style];
    return `  ${from} ${arrow}${label === undefined ? '' : `|"${escaped(label)}"|`} ${to}`;
  },
};

const DOT: Notation = {
  open: ['digraph operator {', '  rankdir=LR; compound=true; node [fontname="Helvetica", fontsize=10]; edge [fontname="Helvetica", fontsize=9];'],
  close: ['}'],
  node(id, lines, shape) {
    const attributes = {
      kind: 'shape=box, style=filled, fillcolor="#e8f0ff"', 'foreign kind': 'shape=box', condition: 'shape=ellipse', root: 'shape=hexagon', loop: 'shape=doublecircle', event: 'shape=cds', work: 'shape=parallelogram',
      finalizer: 'shape=parallelogram, color="#c07a35"',
    }[shape];
    return `${id} [label="${lines.map(escaped).join('\\n')}", ${attributes}];`;
  },
  box: (id, title, nodes) => [`  subgraph cluster_${id} {`, `    label="${escaped(title)}";`, ...nodes.map((node) => `    ${node}`), '  }'],
  edge(from, to, style, label) {
    const attributes = { reconciles: 'penwidth=2', watches: 'style=dashed', owns: 'arrowhead=diamond', needs: 'color="#4f9a54"', counts: 'color="#4f9a54", style=dotted' }[style];
    return `  ${from} -> ${to} [${label === undefined ? '' : `label="${escaped(label)}", `}${attributes}];`;
  },
};

function draw({ kinds, reconcilers, singletons }: PlanGraph, notation: Notation): string {
  const events = [...new Set([...reconcilers, ...singletons].flatMap((controller) => controller.events.map(({ from }) => from)))].sort((a, b) => (a < b ? -1 : 1));
  return `${[
    ...notation.open,
    ...kinds.map(({ id, kind, apiVersion, custom }) => `  ${notation.node(kindId(id), [kind, apiVersion], custom ? 'kind' : 'foreign kind')}`),
    ...events.map((event) => `  ${notation.node(nodeId('event', event), [event], 'event')}`),
    ...reconcilers.flatMap((reconciler) => drawReconciler(reconciler, notation)),
    ...singletons.flatMap((singleton) => drawSingleton(singleton, notation)),
    ...notation.close,
  ].join('\n')}\n`;
}

const kindId = (id: string): string => nodeId('kind', id);

/** A reconciler is a box of what it does; edges from outside end at the first thing in it. */
function drawReconciler({ name, for: kind, conditions, root, finalizers, watches, events, owns }: GraphReconciler, notation: Notation): string[] {
  const within = (what: string): string => nodeId('reconciler', name, what);
  const entry = within('run');
  const nodes = [
    notation.node(entry, ['run'], 'work'),
    ...conditions.map(({ type, hasDeadline }) => notation.node(within(type), [type, ...(hasDeadline ? ['deadline'] : [])], 'condition')),
    ...(root === undefined ? [] : [notation.node(within(root), [root], 'root')]),
    ...finalizers.map((finalizer) => notation.node(within(finalizer), [finalizer], 'finalizer')),
  ];
  const starts = conditions.filter(({ dependsOn }) => dependsOn.every((type) => conditions.every((other) => other.type !== type)));
  return [
    ...notation.box(nodeId('reconciler', name), name, nodes),
    notation.edge(kindId(kind), entry, 'reconciles', undefined),
    ...starts.map(({ type }) => notation.edge(entry, within(type), 'needs', undefined)),
    ...conditions.flatMap(({ type, dependsOn }) => dependsOn.filter((other) => conditions.some((condition) => condition.type === other)).map((other) => notation.edge(within(other), within(type), 'needs', undefined))),
    ...(root === undefined ? [] : conditions.filter(({ counted }) => counted).map(({ type }) => notation.edge(within(type), within(root), 'counts', undefined))),
    ...watches.map(({ from, by }) => notation.edge(kindId(from), entry, 'watches', by.join(', '))),
    ...events.map(({ from, by }) => notation.edge(nodeId('event', from), entry, 'watches', by.join(', '))),
    ...owns.map((owned) => notation.edge(entry, kindId(owned), 'owns', 'owns')),
  ];
}

function drawSingleton({ name, every, batch, watches, events }: GraphSingleton, notation: Notation): string[] {
  const id = nodeId('singleton', name);
  return [
    `  ${notation.node(id, [name, ...(every === undefined ? [] : [`every ${roughly(every)}`]), ...(batch ? ['in windows'] : [])], 'loop')}`,
    ...watches.map(({ from, by }) => notation.edge(kindId(from), id, 'watches', by.join(', '))),
    ...events.map(({ from, by }) => notation.edge(nodeId('event', from), id, 'watches', by.join(', '))),
  ];
}
