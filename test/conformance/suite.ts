import { expect } from 'chai';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/sandbox-process.js';
import { Session } from './session.js';
import type { ConformanceServer } from './session.js';

/** Scenarios by title. What they say and hear is compared with what a real API server said; see README.md. */
export type Topic = Readonly<Record<string, (session: Session) => Promise<unknown>>>;

const RECORDED = join(ROOT, 'test/conformance/recorded');
const TOPICS = new URL('topics/', import.meta.url);
/** Whether the answers are written down instead of compared; only for a real server. */
const RECORD = Boolean(process.env['RECORD']);

const fileOf = (topic: string): string => join(RECORDED, `${topic}.txt`);
const HEADING = '## ';

/** What the real server said, by title of the scenario. */
function recorded(topic: string): Map<string, string> {
  const text = readdirSync(RECORDED).includes(`${topic}.txt`) ? readFileSync(fileOf(topic), 'utf8') : '';
  return new Map(text.split(`\n${HEADING}`).slice(1).map((section) => {
    const end = section.indexOf('\n');
    return [section.slice(0, end), section.slice(end + 1).trimEnd()];
  }));
}

const topics = await Promise.all(readdirSync(TOPICS).filter((file) => file.endsWith('.js')).sort().map(async (file) => {
  const { scenarios } = await import(new URL(file, TOPICS).href) as { scenarios: Topic };
  return { name: file.replace(/\.js$/, ''), scenarios };
}));

/** Topics whose every answer starts a process: `make test` leaves them out on the embedded server, `make test-kubectl` runs them. */
export const isSlow = (topic: string): boolean => topic === 'kubectl';

/** Declares the suites of the topics that are wanted, by default all, against the server. */
export function conformance(server: () => ConformanceServer, real: boolean, wanted: (topic: string) => boolean = () => true): void {
  for (const { name, scenarios } of topics.filter((topic) => wanted(topic.name))) {
    describe(name, () => {
      const known = recorded(name);
      const said = new Map<string, string>();
      for (const [title, scenario] of Object.entries(scenarios)) {
        it(title, async () => {
          const session = new Session(server());
          try {
            await session.open();
            await scenario(session);
          } finally {
            await session.close();
          }
          said.set(title, session.transcript.join('\n').trimEnd());
          if (!(RECORD && real)) expect(said.get(title)).to.equal(known.get(title) ?? `(nothing recorded; RECORD=1 FILES=conformance make test-real does)`);
        });
      }
      if (RECORD && real) {
        after(() => {
          mkdirSync(RECORDED, { recursive: true });
          const sections = Object.keys(scenarios).map((title) => `${HEADING}${title}\n${said.get(title) ?? known.get(title) ?? ''}\n`);
          writeFileSync(fileOf(name), `What a real API server says to test/conformance/topics/${name}.ts; written by RECORD=1 FILES=conformance make test-real.\n\n${sections.join('\n')}`);
        });
      }
    });
  }
}
