/**
 * The words of each simple command in a shell script: quotes, backslashes, comments, `$NAME`, `${NAME}` and plain assignments
 * are understood, so is `&&` and `;`. Everything that needs a shell to know (substitution, loops) stays as text.
 */
export function shellCommands(script: string): string[][] {
  const variables: Record<string, string> = {};
  const commands: string[][] = [];
  let words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  const endWord = (): void => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = (): void => {
    endWord();
    const assignments = words.map((text) => /^(?:export\s+)?([A-Za-z_]\w*)=(.*)$/s.exec(text));
    const plain = words[0] === 'export' ? assignments.slice(1) : assignments;
    if (plain.length > 0 && plain.every((match) => match !== null)) for (const match of plain) variables[match[1] as string] = match[2] as string;
    else if (words.length > 0) commands.push(words);
    words = [];
  };
  for (let at = 0; at < script.length; at += 1) {
    const character = script[at] as string;
    if (quote === "'") {
      if (character === "'") quote = undefined;
      else word = (word ?? '') + character;
    } else if (character === '\\') {
      at += 1;
      const next = script[at] ?? '';
      const literal = quote === '"' && !['"', '\\', '$', '`', '\n'].includes(next) ? `\\${next}` : next;
      if (next !== '\n') word = (word ?? '') + literal;
    } else if (character === '$' && /[A-Za-z_{]/.test(script[at + 1] ?? '')) {
      const match = /^\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/.exec(script.slice(at));
      word = (word ?? '') + (match ? variables[match[1] ?? match[2] ?? ''] ?? '' : character);
      at += match ? match[0].length - 1 : 0;
    } else if (quote === '"') {
      if (character === '"') quote = undefined;
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (character === '#' && word === undefined) {
      while (at + 1 < script.length && script[at + 1] !== '\n') at += 1;
    } else if (character === '\n' || character === ';' || character === '&' || character === '|') endCommand();
    else if (/\s/.test(character)) endWord();
    else word = (word ?? '') + character;
  }
  endCommand();
  return commands;
}
