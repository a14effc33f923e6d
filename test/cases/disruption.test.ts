import { expect } from 'chai';
import { plan, validate } from '../../src/disruption/index.js';
import type { DisruptionCommand, DisruptionMethod, DisruptionOptions } from '../../src/disruption/index.js';
import { isScheduled } from '../../src/scheduling/index.js';
import type { Snapshot } from '../../src/scheduling/index.js';
import { pose } from '../../src/cli/plan/posed-question.js';
import type { PosedQuestion } from '../../src/cli/plan/posed-question.js';
import type { InputObject } from '../../src/cli/plan/object-reader.js';
import { DIFFERENCES } from './differences.js';
import { recordedCases } from './recorded-cases.js';
import type { RecordedCase } from './recorded-cases.js';

/** A command as it was recorded. */
interface RecordedCommand {
  method: DisruptionMethod;
  decision: 'delete' | 'replace';
  candidates: { node: string; price: number; rescheduleDisruptionCost: number }[];
  replacements: { instanceTypes: string[]; cheapestPrice: number }[];
}

interface RecordedState {
  queue?: RecordedCommand[];
  bufferPodCounts?: Record<string, number>;
  synced: boolean;
}

interface DisruptionCase extends RecordedCase<{ commands: RecordedCommand[] }> {
  readonly line: {
    readonly methods: { method: DisruptionMethod; candidates?: string[]; budgets?: Record<string, number>; isConsolidated?: boolean }[];
    readonly clusterState: RecordedState;
    readonly changedObjects?: InputObject[];
    /** When the reconcile ended, if it waited to look again. */
    readonly clockAtEnd?: string;
  } & Record<string, unknown>;
}

/** What the disruption loop sees at one time. */
interface View {
  readonly snapshot: Snapshot;
  readonly options: DisruptionOptions;
}

const keyOf = ({ kind, metadata }: InputObject): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;

function viewOf({ line }: DisruptionCase, posed: PosedQuestion, gates: Readonly<Record<string, boolean>>): View {
  const { now, pools, pods, options } = posed;
  const snapshot = posed.snapshot();
  const { queue = [], bufferPodCounts = {} } = line.clusterState;
  const disrupted = new Set(queue.flatMap(({ candidates }) => candidates.map(({ node }) => node)));
  return {
    snapshot,
    options: {
      now,
      pools,
      pendingPods: pods.filter((pod) => !isScheduled(pod)),
      inFlight: new Set(snapshot.nodes.filter(({ name }) => disrupted.has(name)).map(({ providerID }) => providerID)),
      bufferedNodes: new Set(snapshot.nodes.filter(({ providerID }) => (bufferPodCounts[providerID] ?? 0) > 0).map(({ name }) => name)),
      spotToSpot: gates['SpotToSpotConsolidation'] === true,
      exhausted: new Set(line.methods.filter(({ isConsolidated }) => isConsolidated).map(({ method }) => method)),
      solve: options,
    },
  };
}

/** In what a method's candidates or budgets differ from those that were recorded before anything was waited for. */
function views({ line: { methods, clusterState }, ...recorded }: DisruptionCase): string[] {
  if (!clusterState.synced) return [];
  const { snapshot, options } = viewOf({ line: { methods, clusterState }, ...recorded }, recorded.posed, {});
  return methods.flatMap(({ method, candidates = [], budgets }) => {
    const report = plan(snapshot, { ...options, methods: [method], exhausted: new Set([method]) }).methods[0];
    const found = report?.candidates.map(({ node: { name } }) => name).sort().join();
    const left = Object.entries(budgets ?? {}).filter(([pool, allowed]) => (report?.budgets.get(pool) ?? 0) !== allowed);
    return [
      ...(found === [...candidates].sort().join() ? [] : [`${method} looks at ${found} instead of ${candidates.join()}`]),
      ...left.map(([pool, allowed]) => `${method} may take ${report?.budgets.get(pool)} nodes of ${pool} instead of ${allowed}`),
    ];
  });
}

/** What the loop starts: the commands of the first method that has any, those that are looked at again after a wait only if they still hold. */
function started(recorded: DisruptionCase): readonly DisruptionCommand[] {
  const { question, line } = recorded;
  const gates = question.options.featureGates ?? {};
  if (!line.clusterState.synced) return [];
  let view = viewOf(recorded, recorded.posed, gates);
  for (const { method } of line.methods) {
    const { commands } = plan(view.snapshot, { ...view.options, methods: [method] });
    if (commands.length === 0) continue;
    if (line.clockAtEnd === undefined || commands[0]?.reason === 'Drifted') return commands;
    const changed = new Map((line.changedObjects ?? []).map((object) => [keyOf(object), object]));
    const objects = [...question.objects.filter((object) => !changed.has(keyOf(object))), ...changed.values()];
    view = viewOf(recorded, pose({ ...question, objects, options: { ...question.options, now: line.clockAtEnd } }, () => 0), gates);
    const confirmed = commands.flatMap((command) => {
      const verdict = validate(command, view.snapshot, view.options);
      return 'command' in verdict ? [verdict.command] : [];
    });
    if (confirmed.length > 0) return confirmed;
  }
  return [];
}

/** Everything about commands that does not hang on a choice among equals. */
const shapes = (commands: readonly { method: string; decision: string; candidates: readonly unknown[]; replacements: readonly unknown[] }[]): string[] =>
  commands.map(({ method, decision, candidates, replacements }) => `${method}: ${decision} ${candidates.length} node(s) for ${replacements.length}`).sort();

const details = (commands: readonly { candidates: readonly string[]; replacements: readonly (readonly string[])[] }[]): string[] =>
  commands.map(({ candidates, replacements }) => `${[...candidates].sort().join()} → ${replacements.map((types) => [...types].sort().join()).join(' + ')}`).sort();

const priceOf = (nodes: readonly number[]): number => nodes.reduce((total, price) => total + price, 0);

const cases = (await recordedCases<{ commands: RecordedCommand[] }>('disruption')) as DisruptionCase[];

describe('recorded disruption cases', () => {
  const count = { agree: 0, identical: 0, comparable: 0 };

  for (const recorded of cases) {
    it(recorded.path, () => {
      const commands = started(recorded);
      const expected = recorded.expect.commands;
      const problems = views(recorded);
      const [ours, theirs] = [shapes(commands), shapes(expected)];
      if (ours.join('; ') !== theirs.join('; ')) problems.push(`${ours.join('; ') || 'nothing'} instead of ${theirs.join('; ') || 'nothing'}`);
      const bought = priceOf(commands.flatMap(({ replacements }) => replacements.map(({ price }) => price)));
      const allowed = priceOf(expected.flatMap(({ replacements }) => replacements.map(({ cheapestPrice }) => cheapestPrice)));
      if (bought > allowed + 1e-9) problems.push(`replacements cost ${bought} instead of ${allowed}`);
      const reason = DIFFERENCES[recorded.path];
      if (reason === undefined) expect(problems).to.deep.equal([]);
      else expect(problems, `agrees, but is listed as different: ${reason}`).to.not.deep.equal([]);
      count.agree += Number(problems.length === 0);
      if (recorded.replay !== 'identical') return;
      count.comparable += 1;
      const found = details(commands.map(({ candidates, replacements }) => ({ candidates: candidates.map(({ node }) => node.name), replacements: replacements.map(({ instanceTypes }) => instanceTypes.map(({ name }) => name)) })));
      const wanted = details(expected.map(({ candidates, replacements }) => ({ candidates: candidates.map(({ node }) => node), replacements: replacements.map(({ instanceTypes }) => instanceTypes) })));
      count.identical += Number(found.join('|') === wanted.join('|'));
    });
  }

  after(() => {
    console.log(`\n  recorded disruption cases: ${count.agree} of ${cases.length} agree; ${count.identical} of the ${count.comparable} that can be compared choose the same nodes and types`);
  });
});
