import { expect } from 'chai';
import { compile } from '../dsl/compile.js';
import { Batch, Condition, Deadline, Finalizer, OnEvent, Owns, Reconciler, Singleton, Watches } from '../dsl/decorators.js';
import type { Key } from '../dsl/key.js';
import { Field, ResourceKind } from '../dsl/kind-decorators.js';
import type { Outcome, Release } from '../dsl/outcome.js';
import { met, released, unmet } from '../dsl/outcome.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import type { EventSource } from '../dsl/token.js';
import { token } from '../dsl/token.js';
import { ConfigMap, Node, Pod } from '../kinds/core.js';
import { graphOf } from './graph.js';
import { renderGraph } from './render-graph.js';

class TrainSpec {
  @Field(s.string().describe('Where it goes'))
  declare destination: string;
}

@ResourceKind({ group: 'toys.example.com', version: 'v1', kind: 'Train', scope: 'Cluster', spec: () => TrainSpec, status: () => s.object({}) })
class Train extends Resource<TrainSpec, object, 'Coupled' | 'Signalled' | 'Moving'> {}

const Signals = token<EventSource<string>>('test."Signals"');

@Reconciler({ for: Train, name: 'train.driver', root: 'Ready', reads: [Pod, Node] })
@Owns(ConfigMap)
class Driver {
  @Watches(Node) byNode(): Key<Train>[] { return []; }
  @Watches(Node) byOtherNode(): Key<Train>[] { return []; }
  @OnEvent(Signals) bySignal(): Key<Train>[] { return []; }
  @Condition('Moving', { dependsOn: ['Signalled', 'Coupled'], optional: true }) move(): Outcome { return met(); }
  @Condition('Coupled') couple(): Outcome { return met(); }
  @Condition('Signalled', { dependsOn: ['Coupled'] }) signal(): Outcome { return met(); }
  @Deadline('Coupled', '1m') late(): Outcome { return unmet('Late'); }
  @Finalizer('toys.example.com/brake') brake(): Release { return released(); }
}

@Singleton({ name: 'timetable', every: '1m' })
class Timetable {
  @Watches(Train) onTrain(): boolean { return true; }
  @Batch({ idle: '1s', max: '10s' }) print(): void {}
}

describe('The graph of a plan', () => {
  const graph = graphOf(compile([Driver, Timetable]));

  it('has kinds, conditions in the order of their needs, watches, owned kinds and finalizers', () => {
    expect(graph.kinds.map(({ id, custom }) => `${id} ${custom}`)).to.deep.equal(['configmaps false', 'nodes false', 'pods false', 'trains.toys.example.com true']);
    expect(graph.reconcilers).to.deep.equal([{
      name: 'train.driver', for: 'trains.toys.example.com', root: 'Ready', owns: ['configmaps'], reads: ['pods'], finalizers: ['toys.example.com/brake'],
      watches: [{ from: 'nodes', by: ['byNode', 'byOtherNode'] }], events: [{ from: 'test."Signals"', by: ['bySignal'] }],
      conditions: [
        { type: 'Coupled', dependsOn: [], counted: true, hasDeadline: true },
        { type: 'Signalled', dependsOn: ['Coupled'], counted: true, hasDeadline: false },
        { type: 'Moving', dependsOn: ['Signalled', 'Coupled'], counted: false, hasDeadline: false },
      ],
    }]);
    expect(graph.singletons).to.deep.equal([{ name: 'timetable', watches: [{ from: 'trains.toys.example.com', by: ['onTrain'] }], events: [], reads: [], every: 60_000, batch: true }]);
  });

  it('does not depend on the order of classes', () => {
    for (const format of ['mermaid', 'dot', 'json'] as const) expect(renderGraph(graphOf(compile([Timetable, Driver])), format)).to.equal(renderGraph(graph, format));
    expect(JSON.parse(renderGraph(graph, 'json'))).to.deep.equal(graph);
  });

  it('is drawn for Mermaid', () => {
    expect(renderGraph(graph, 'mermaid').split('\n').slice(0, -4)).to.deep.equal([
      'flowchart LR',
      '  kind__configmaps["ConfigMap<br/>v1"]',
      '  kind__nodes["Node<br/>v1"]',
      '  kind__pods["Pod<br/>v1"]',
      '  kind__trains_toys_example_com["Train<br/>toys.example.com/v1"]:::custom',
      "  event__test__Signals_>\"test.'Signals'\"]",
      '  subgraph reconciler__train_driver["train.driver"]',
      '    reconciler__train_driver__run[/"run"/]',
      '    reconciler__train_driver__Coupled(["Coupled<br/>deadline"]):::condition',
      '    reconciler__train_driver__Signalled(["Signalled"]):::condition',
      '    reconciler__train_driver__Moving(["Moving"]):::condition',
      '    reconciler__train_driver__Ready{{"Ready"}}:::condition',
      '    reconciler__train_driver__toys_example_com_brake[/"toys.example.com/brake"/]:::finalizer',
      '  end',
      '  kind__trains_toys_example_com ==> reconciler__train_driver__run',
      '  reconciler__train_driver__run --> reconciler__train_driver__Coupled',
      '  reconciler__train_driver__Coupled --> reconciler__train_driver__Signalled',
      '  reconciler__train_driver__Signalled --> reconciler__train_driver__Moving',
      '  reconciler__train_driver__Coupled --> reconciler__train_driver__Moving',
      '  reconciler__train_driver__Coupled --o reconciler__train_driver__Ready',
      '  reconciler__train_driver__Signalled --o reconciler__train_driver__Ready',
      '  kind__nodes -.->|"byNode, byOtherNode"| reconciler__train_driver__run',
      '  event__test__Signals_ -.->|"bySignal"| reconciler__train_driver__run',
      '  reconciler__train_driver__run -->|"owns"| kind__configmaps',
      '  singleton__timetable(("timetable<br/>every 1m<br/>in windows"))',
      '  kind__trains_toys_example_com -.->|"onTrain"| singleton__timetable',
    ]);
  });

  it('is drawn for Graphviz, every edge between nodes that there are', () => {
    const lines = renderGraph(graph, 'dot').split('\n');
    const nodes = new Set(lines.flatMap((line) => /^ +(\w+) \[label=/.exec(line)?.[1] ?? []));
    const edges = lines.flatMap((line) => /^ +(\w+) -> (\w+) \[.*\];$/.exec(line)?.slice(1) ?? []);
    expect(edges).to.have.length(22);
    expect(edges.filter((id) => !nodes.has(id))).to.deep.equal([]);
    expect([lines[0], lines.at(-2)]).to.deep.equal(['digraph operator {', '}']);
    expect(lines.filter((line) => line.endsWith('{')).length).to.equal(lines.filter((line) => line.trim() === '}').length);
  });
});
