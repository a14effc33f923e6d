import { expect } from 'chai';
import { VirtualClock } from '../testing/virtual-clock.js';
import { pagesOf } from './pages.js';

describe('the pages of a list', () => {
  /** Three pages of one item, whose answers come when the test says so; a server that says early how it goes on, or does not. */
  const paged = (early: boolean) => {
    const asked: string[] = [];
    const answers: (() => void)[] = [];
    const pages = pagesOf<number>(({ continue: from = '0', goesOn }) => {
      asked.push(from);
      const next = Number(from) < 2 ? { continue: String(Number(from) + 1) } : {};
      if (early && next.continue) queueMicrotask(() => goesOn(next.continue));
      return new Promise((resolve) => answers.push(() => resolve({ items: [Number(from)], resourceVersion: '7', ...next })));
    });
    return { asked, answers, pages };
  };
  const turn = (): Promise<void> => new VirtualClock().flush();

  it('are asked for one ahead, never two, where the server says early how it goes on', async () => {
    const { asked, answers, pages } = paged(true);
    const first = pages.next();
    await turn();
    expect(asked).to.deep.equal(['0', '1']);
    answers[1]?.();
    await turn();
    expect(asked).to.deep.equal(['0', '1']);
    answers[0]?.();
    expect((await first).value?.items).to.deep.equal([0]);
    const second = pages.next();
    await turn();
    expect(asked).to.deep.equal(['0', '1', '2']);
    expect((await second).value?.items).to.deep.equal([1]);
    answers[2]?.();
    expect((await pages.next()).value?.items).to.deep.equal([2]);
    expect((await pages.next()).done).to.equal(true);
  });

  it('are asked for as soon as one is there otherwise', async () => {
    const { asked, answers, pages } = paged(false);
    const first = pages.next();
    await turn();
    expect(asked).to.deep.equal(['0']);
    answers[0]?.();
    await first;
    expect(asked).to.deep.equal(['0', '1']);
  });
});
