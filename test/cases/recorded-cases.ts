import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { CatalogueFiles } from '../../src/cli/plan/catalogue-files.js';
import type { SourceText } from '../../src/cli/plan/input-error.js';
import type { InputMember } from '../../src/cli/plan/input-reader.js';
import { ObjectReader } from '../../src/cli/plan/object-reader.js';
import { pose } from '../../src/cli/plan/posed-question.js';
import type { PosedQuestion } from '../../src/cli/plan/posed-question.js';
import { questionOf } from '../../src/cli/plan/question.js';
import type { Question } from '../../src/cli/plan/question.js';

/** How well upstream itself came to the recorded outcome again, from the file alone. */
export type Replay = 'identical' | 'equivalent' | 'unstable' | 'differs';

/** One line of a packed file: a question as `plan` reads it, with what upstream made of it. */
export interface RecordedCase<Expect> {
  /** Suite and number. */
  readonly path: string;
  readonly suite: string;
  readonly replay: Replay;
  /** A second recording gave another outcome. */
  readonly varies?: unknown;
  readonly expect: Expect;
  readonly question: Question;
  readonly posed: PosedQuestion;
  /** Everything that the line holds. */
  readonly line: Readonly<Record<string, unknown>>;
}

function unpack<T>(name: string): T[] {
  const packed = readFileSync(new URL(`../../../test/cases/${name}.jsonl.br`, import.meta.url));
  return brotliDecompressSync(packed).toString().trim().split('\n').map((line) => JSON.parse(line) as T);
}

const sourceOf = (path: string): SourceText => ({ file: path, format: 'json', text: '', line: 1, column: 1, path: [] });

/** Makes questions of the packed cases, all over one set of catalogues. */
export async function recordedCases<Expect>(name: 'scheduling' | 'disruption'): Promise<RecordedCase<Expect>[]> {
  const catalogues = new Map(unpack<{ path: string; content: unknown }>('catalogues').map(({ path, content }) => [path, content]));
  const files = new CatalogueFiles({
    locate: async (target) => target,
    read: async (path) => (catalogues.has(path) ? { source: sourceOf(path), value: catalogues.get(path) } : undefined),
  });
  const reader = new ObjectReader();
  const cases: RecordedCase<Expect>[] = [];
  for (const line of unpack<Record<string, unknown> & Pick<RecordedCase<Expect>, 'path' | 'suite' | 'replay' | 'varies' | 'expect'>>(name)) {
    const source = sourceOf(line.path);
    const members = new Map(Object.entries(line).map(([key, value]): [string, InputMember] => [key, { value, source }]));
    const objects = (line['objects'] as unknown[]).map((object) => reader.value(object, source));
    const question = await questionOf({ path: line.path, question: members, objects, sources: new Map(), skipped: [] }, files);
    const { path, suite, replay, varies, expect } = line;
    cases.push({ path, suite, replay, varies, expect, question, posed: pose(question, () => { throw new Error(`${path} has no options.now`); }), line });
  }
  return cases;
}
