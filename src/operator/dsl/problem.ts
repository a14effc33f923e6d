/** One thing that is wrong with a declaration. */
export interface Problem {
  /** The class that it is about. */
  readonly class: string;
  /** The method or property, if it is about one. */
  readonly member?: string;
  readonly message: string;
}

const format = ({ class: name, member, message }: Problem): string => `${member === undefined ? name : `${name}.${member}`}: ${message}`;

/** Everything that is wrong with the classes that were compiled. */
export class InvalidDeclarations extends Error {
  override readonly name = 'InvalidDeclarations';
  readonly reason = 'InvalidDeclarations';
  constructor(readonly problems: readonly Problem[]) {
    super(`${problems.length === 1 ? 'one declaration is' : `${problems.length} declarations are`} wrong:\n${problems.map((problem) => `  - ${format(problem)}`).join('\n')}`);
  }
}

/** Collects problems, so that all are told at once. */
export class Problems {
  readonly list: Problem[] = [];

  /** A reporter of one class. */
  of(type: { readonly name: string }): (message: string, member?: string) => void {
    return (message, member) => {
      this.list.push(member === undefined ? { class: type.name, message } : { class: type.name, member, message });
    };
  }

  throwIfAny(): void {
    if (this.list.length > 0) throw new InvalidDeclarations(this.list);
  }
}

/** Damerau-Levenshtein distance, case-insensitive. */
function distance(a: string, b: string): number {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()];
  let before: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let best = Math.min((previous[column] as number) + 1, (current[column - 1] as number) + 1, (previous[column - 1] as number) + (same ? 0 : 1));
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        best = Math.min(best, (before[column - 2] as number) + 1);
      }
      current.push(best);
    }
    before = previous;
    previous = current;
  }
  return previous[right.length] as number;
}

/** The alternative that a misspelled word most likely means. */
export function nearest(word: string, alternatives: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const alternative of alternatives) {
    const edits = distance(word, alternative);
    if (edits < least) [best, least] = [alternative, edits];
  }
  return best;
}

/** ` Did you mean "x"? It can be "x", "y".`, for the end of a message. */
export function alternatives(word: string, valid: readonly string[], what = 'It can be'): string {
  const meant = nearest(word, valid);
  const list = valid.length === 0 ? 'nothing: there is none' : valid.map((alternative) => JSON.stringify(alternative)).join(', ');
  return `${meant === undefined ? '' : ` Did you mean "${meant}"?`} ${what} ${list}.`;
}
