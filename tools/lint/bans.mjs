// Principle 4: time, randomness and the network are injected. Only the adapters listed here own the real ones. Reconcilers work around nothing, and nobody builds queues of RxJS.
import { lineOf, sources } from './sources.mjs';

const BANS = [
  { pattern: /\bDate\.now\(|\bnew Date\(\s*\)/g, instead: 'an injected Clock' },
  { pattern: /\bperformance\.now\(/g, instead: 'an injected Clock' },
  { pattern: /\bMath\.random\(|\brandomUUID\(|\brandomBytes\(|\bcrypto\.getRandomValues\(/g, instead: 'an injected Random' },
  { pattern: /(?<![.\w])(?:setTimeout|setInterval|setImmediate)\(/g, instead: 'an injected Clock' },
  { pattern: /(?<![.\w])fetch\(/g, instead: 'an injected transport' },
];

/** What reconcilers elsewhere do by hand; here it is the framework's. */
const WORKAROUNDS = [
  { pattern: /\b(?:isConflict|isNotFound|isAlreadyExists)\b/g, instead: 'ctx.patch, ctx.delete or ctx.apply, which know what to do about it' },
  { pattern: /\bresourceVersion\b/g, instead: 'ctx.patch, or ctx.delete with unchanged: true, which lock by it' },
  { pattern: /\b(?:structuredClone|cloneDeep|isDeepStrictEqual|isEqual)\(/g, instead: 'the draft: it is a copy, and what did not change is not written' },
];

/** What was measured to lose keys, to run one twice at a time, to keep groups for ever, or to leave work going on. */
const TRAPS = [
  { pattern: /(?<=\bimport\s*\{[^}]*)\b(?:groupBy|concatMap|mergeMap|exhaustMap|switchMap)\b(?=[^}]*\}\s*from 'rxjs)/g, instead: 'a WorkQueue, which loses, repeats and starves no key' },
  { pattern: /(?<=\bimport\s*\{[^}]*)\b(?:debounce|debounceTime|auditTime|throttleTime)\b(?=[^}]*\}\s*from 'rxjs)/g, instead: 'batchWindow, which has a limit, or the debounce of @Watches' },
  { pattern: /(?<=\bimport\s*\{[^}]*)\btimeout\b(?=[^}]*\}\s*from 'rxjs)/g, instead: 'withDeadline, whose signal ends the work' },
];

/** Files that own the real clock, the real randomness or a real socket, and the suites that run real processes. */
const ADAPTERS = [
  'src/operator/clock.ts',
  'src/operator/random.ts',
  'src/operator/kube/http-transport.ts',
  'src/operator/testing/virtual-clock.ts',
  'src/apiserver/clock.ts',
  'test/',
];

export function checkBans(root) {
  const problems = [];
  for (const { path, text } of sources(root, ['src', 'reconcilers', 'templates', 'test'])) {
    if (ADAPTERS.some((adapter) => path.startsWith(adapter))) continue;
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (comment) => comment.replace(/[^\n]/g, ' '));
    const find = (bans, what) => {
      for (const { pattern, instead } of bans) {
        for (const match of code.matchAll(pattern)) problems.push(`${path}:${lineOf(code, match.index)}: ${match[0]} ${what}; use ${instead}`);
      }
    };
    find(BANS, 'is ambient');
    find(TRAPS, 'is a trap of RxJS');
    if (path.startsWith('reconcilers/') && !path.endsWith('.test.ts')) find(WORKAROUNDS, 'works around the framework');
  }
  return problems;
}
