/** The text of a call's first argument, from behind the parenthesis. */
function firstArgument(source: string, from: number): string {
  let depth = 0;
  for (let at = from; at < source.length; at += 1) {
    const character = source[at] as string;
    if (/[([{]/.test(character)) depth += 1;
    else if (/[)\]}]/.test(character)) depth -= 1;
    if (depth < 0 || (depth === 0 && character === ',')) return source.slice(from, at);
  }
  return source.slice(from);
}

const OUTCOME = /(?<![.\w])(?:\(0,\s*\w+\.)?(met|unmet|waiting)\)?\(/g;
/** Reasons begin with a capital: other words in an argument are what it decides by. */
const WORD = /(['"`])([A-Z][A-Za-z0-9_]*)\1/g;

/** The reasons that stand in a source as first arguments of outcomes, and whether one has the condition's type for its reason. */
export function literalReasons(source: string): { reasons: string[]; byType: boolean } {
  const reasons = new Set<string>();
  let byType = false;
  for (const call of source.matchAll(OUTCOME)) {
    const argument = firstArgument(source, call.index + call[0].length).trim();
    if (call[1] === 'met' && (argument === '' || argument === 'undefined')) byType = true;
    for (const [, , word = ''] of argument.matchAll(WORD)) reasons.add(word);
  }
  return { reasons: [...reasons], byType };
}

/** The conditions that a source sets with `ctx.mark`. */
export const markedConditions = (source: string): string[] => [...source.matchAll(/\.mark\(\s*(['"`])(\w+)\1/g)].map(([, , type = '']) => type);
