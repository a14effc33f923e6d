import { stringify } from 'yaml';
import type { Explanation } from '../../operator/explain/explanation.js';
import { explanationText } from '../../operator/explain/explanation-text.js';
import { CliError } from '../cli-error.js';
import { askOperator } from './ask-operator.js';
import type { LeaderFlags } from './leader-pod.js';

export interface ExplainFlags extends LeaderFlags {
  namespace?: string;
  output: 'text' | 'json' | 'yaml';
}

/** `KIND/NAME` or `KIND NAME`, as kubectl takes them. Throws {@link CliError}. */
export function targetOf(words: readonly string[]): { kind: string; name: string } {
  const [kind, name, ...others] = words.length === 1 ? (words[0] as string).split('/') : words;
  if (!kind || !name || others.length > 0 || (words.length > 1 && words.some((word) => word.includes('/')))) {
    throw new CliError(`"${words.join(' ')}" does not say what to explain; write KIND/NAME, for example nodeclaim/default-x7k2p`, 2);
  }
  return { kind, name };
}

/** `karpenter-ts explain KIND/NAME`: asks the operator at work why an object is where it is. */
export async function explainCommand(words: readonly string[], flags: ExplainFlags, print: (text: string) => void): Promise<void> {
  const target = { ...targetOf(words), ...(flags.namespace === undefined ? {} : { namespace: flags.namespace }) };
  print(FORMATS[flags.output](await askOperator(target, flags)));
}

const FORMATS: Readonly<Record<ExplainFlags['output'], (explanation: Explanation) => string>> = {
  text: explanationText,
  json: (explanation) => `${JSON.stringify(explanation, undefined, 2)}\n`,
  yaml: (explanation) => stringify(explanation, { lineWidth: 0 }),
};
