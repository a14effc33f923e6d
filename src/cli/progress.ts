import { CAPACITY_TYPE_LABEL, INSTANCE_TYPE_LABEL, ZONE_LABEL } from '../api/index.js';
import type { NodeClaim } from '../api/index.js';
import type { Clock, Pod, Timer } from '../operator/index.js';
import type { ObjectChange, Sandbox } from '../sandbox/index.js';
import type { ClusterView } from './cluster-view.js';
import { LiveView } from './live-view.js';
import type { Terminal } from './live-view.js';
import { stageOf } from './stage.js';

/** Summary lines are this far apart, in milliseconds of wall-clock time at speed 1. */
const PERIOD = 5_000;

/**
 * Tells what happens, a line at a time: claims through their stages, and pods, nodes and $/h whenever they changed. On a
 * terminal the latter is a table that stays at the bottom.
 */
export class Progress {
  private readonly stages = new Map<string, string>();
  private readonly unsubscribe: () => void;
  private timer: Timer | undefined;
  private lastSummary = '';
  private closed = false;
  private readonly live: LiveView | undefined;

  constructor(sandbox: Sandbox, private readonly view: ClusterView, private readonly print: (line: string) => void, private readonly clock: Clock, terminal?: Terminal) {
    this.live = terminal && new LiveView(terminal, view);
    this.unsubscribe = sandbox.objects.subscribe((event) => this.onEvent(event));
    this.tick();
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
    this.unsubscribe();
    this.summarize();
  }

  private onEvent({ type, resource, object }: ObjectChange): void {
    if (resource === 'nodeclaims.karpenter.sh') this.onClaim(type, object as NodeClaim);
    if (resource === 'pods' && type === 'MODIFIED') this.onPod(object as Pod);
  }

  private onClaim(type: ObjectChange['type'], claim: NodeClaim): void {
    const { name, labels } = claim.metadata;
    const what = [labels?.[INSTANCE_TYPE_LABEL], labels?.[CAPACITY_TYPE_LABEL], labels?.[ZONE_LABEL]].filter(Boolean).join(' ');
    const stage = type === 'DELETED' ? 'gone' : stageOf(claim);
    if (this.stages.get(name) === stage) return;
    this.stages.set(name, stage);
    this.say(`nodeclaim/${name} ${stage}${what ? ` (${what})` : ''}`);
    if (stage === 'gone') this.stages.delete(name);
  }

  private onPod({ metadata: { namespace, name, uid }, spec, status }: Pod): void {
    const phase = status?.phase ?? '';
    if (phase !== 'Running' || this.stages.get(uid) === phase) return;
    this.stages.set(uid, phase);
    this.say(`pod/${namespace}/${name} Running on ${spec?.nodeName}`);
  }

  private tick(): void {
    if (this.closed) return;
    this.summarize();
    this.timer = this.clock.schedule(PERIOD, () => this.tick());
  }

  private summarize(): void {
    if (this.live) {
      this.live.draw();
      return;
    }
    const { pods, nodes, pricePerHour } = this.view.summary();
    const line = `${pods.running} pods running, ${pods.pending} pending; ${this.view.claims().length} claims, ${nodes.length} nodes; $${pricePerHour.toFixed(4)}/h`;
    if (line !== this.lastSummary) this.say(line);
    this.lastSummary = line;
  }

  private say(line: string): void {
    const text = `${new Date(this.clock.now()).toISOString().slice(11, 19)}  ${line}`;
    if (this.live) this.live.print(text);
    else this.print(text);
  }
}
