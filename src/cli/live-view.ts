import type { NodeClaim } from '../api/index.js';
import { CAPACITY_TYPE_LABEL, INSTANCE_TYPE_LABEL, ZONE_LABEL } from '../api/index.js';
import type { ClusterView } from './cluster-view.js';
import { stageOf } from './stage.js';

/** As much of a terminal as is needed. */
export interface Terminal {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
}

const HEADERS = ['NODECLAIM', 'TYPE', 'CAPACITY', 'ZONE', 'STAGE', 'PODS', '$/H'];
/** Rows of the screen that stay free for what happens. */
const RESERVED_ROWS = 8;
const CLEAR_BELOW = '\u001b[0J';
const up = (lines: number): string => (lines > 0 ? `\u001b[${lines}A\r` : '\r');

/** The claims and the sum of it all at the bottom of a terminal, under the lines of what happened. */
export class LiveView {
  private drawn = 0;

  constructor(private readonly terminal: Terminal, private readonly view: ClusterView) {}

  /** A line above the block. */
  print(line: string): void {
    this.terminal.write(`${up(this.drawn)}${CLEAR_BELOW}${line}\n`);
    this.drawn = 0;
    this.draw();
  }

  draw(): void {
    const block = this.block();
    this.terminal.write(`${up(this.drawn)}${CLEAR_BELOW}${block.map((line) => `${line}\n`).join('')}`);
    this.drawn = block.length;
  }

  private block(): string[] {
    const { pods, nodes, pricePerHour } = this.view.summary();
    const claims = this.view.claims();
    const rows = claims.map((claim) => this.row(claim, nodes.find(({ name }) => name === claim.status?.nodeName)));
    const shown = rows.slice(0, Math.max(3, (this.terminal.rows ?? 40) - RESERVED_ROWS));
    const widths = HEADERS.map((header, column) => Math.max(header.length, ...shown.map((row) => (row[column] ?? '').length)));
    const line = (row: readonly string[]): string => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').slice(0, (this.terminal.columns ?? 120) - 1);
    return [
      '',
      ...(rows.length > 0 ? [line(HEADERS), ...shown.map(line)] : []),
      ...(rows.length > shown.length ? [`… and ${rows.length - shown.length} more`] : []),
      `${pods.running} pods running, ${pods.pending} pending; ${claims.length} claims, ${nodes.length} nodes; $${pricePerHour.toFixed(4)}/h`,
    ];
  }

  private row(claim: NodeClaim, node: { pods: string[]; pricePerHour: number } | undefined): string[] {
    const labels = claim.metadata.labels ?? {};
    return [
      claim.metadata.name, labels[INSTANCE_TYPE_LABEL] ?? '', labels[CAPACITY_TYPE_LABEL] ?? '', labels[ZONE_LABEL] ?? '', stageOf(claim),
      node ? String(node.pods.length) : '', node ? node.pricePerHour.toFixed(4) : '',
    ];
  }
}
