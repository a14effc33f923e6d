import type { Page } from './client-options.js';

/** Asks for a page; `goesOn` is to be told the next one's token, at the earliest. */
type Ask<T> = (part: { continue?: string; goesOn: (token: string) => void }) => Promise<Page<T>>;

interface Asked<T> {
  readonly page: Promise<Page<T>>;
  /** Calls back when the token of the next page is known; perhaps it is already, perhaps there is none. */
  whenToken(callback: (token: string) => void): void;
}

/** The pages of a list. While one is still coming and being taken over, the server works on the next, if it says early where that begins; never on more. */
export async function* pagesOf<T>(ask: Ask<T>): AsyncGenerator<Page<T>, void, undefined> {
  let asked = start(ask);
  for (;;) {
    let next: Asked<T> | undefined;
    asked.whenToken((token) => (next ??= start(ask, token)));
    const page = await asked.page;
    if (page.continue) next ??= start(ask, page.continue);
    yield page;
    if (!next) return;
    asked = next;
  }
}

function start<T>(ask: Ask<T>, from?: string): Asked<T> {
  let token: string | undefined;
  let tell: ((token: string) => void) | undefined;
  const page = ask({
    ...(from === undefined ? {} : { continue: from }),
    goesOn: (found) => {
      token = found;
      tell?.(found);
    },
  });
  // Whether it failed matters once it is its turn.
  page.catch(() => undefined);
  return {
    page,
    whenToken: (callback) => {
      tell = callback;
      if (token !== undefined) callback(token);
    },
  };
}
