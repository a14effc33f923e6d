import { expect } from 'chai';
import { WriteTurns } from './write-turns.js';

describe('turns at writing', () => {
  it('are taken one after the other at one object, whatever comes of them, and at once at another', async () => {
    const turns = new WriteTurns();
    const log: string[] = [];
    const ends = new Map<string, (error?: Error) => void>();
    const take = (object: string, name: string): Promise<string> => turns.take(object, () => new Promise((resolve, reject) => {
      log.push(`${name} begins`);
      ends.set(name, (error) => (error ? reject(error) : resolve(name)));
    }));
    const [first, second, third, other] = [take('a', '1'), take('a', '2'), take('a', '3'), take('b', '4')];
    expect(log).to.deep.equal(['1 begins', '4 begins']);
    ends.get('1')?.(new Error('no'));
    expect(await first.catch((error: Error) => error.message)).to.equal('no');
    await new Promise(setImmediate);
    expect(log).to.deep.equal(['1 begins', '4 begins', '2 begins']);
    ends.get('2')?.();
    expect(await second).to.equal('2');
    await new Promise(setImmediate);
    ends.get('3')?.();
    ends.get('4')?.();
    expect(await Promise.all([third, other])).to.deep.equal(['3', '4']);
    expect(turns.size, 'objects that are remembered').to.equal(0);
  });
});
