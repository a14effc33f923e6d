import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../testing/test-cluster.js';
import { openJournal } from './journal.js';
import { MemoryStorage } from './memory-storage.js';

describe('Journal', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'journal-'))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const open = (): MemoryStorage => new MemoryStorage(new ManualClock(), openJournal(directory));
  const stateOf = (storage: MemoryStorage): string => JSON.stringify(storage.resources().sort().map((resource) => [resource, storage.list(resource)]));
  const thing = (name: string, value: number): Parameters<MemoryStorage['create']>[1] => ({ apiVersion: 'v1', kind: 'Thing', metadata: { name, namespace: 'ns' }, value });

  it('brings back every object and the revision', () => {
    const before = open();
    before.create('things', thing('a', 1));
    before.create('things', thing('b', 1));
    before.update('things', thing('a', 2));
    before.delete('things', 'ns', 'b');
    before.close();
    const after = open();
    expect(stateOf(after)).to.equal(stateOf(before));
    expect(after.revision).to.equal(before.revision);
    after.close();
  });

  it('comes back with the state after some prefix of the writes, wherever the file is cut', () => {
    const before = open();
    const states = [stateOf(before)];
    const write = (change: () => void): void => {
      change();
      states.push(stateOf(before));
    };
    write(() => before.create('things', thing('a', 1)));
    write(() => before.create('others', thing('ü', 1)));
    write(() => before.update('things', thing('a', 2)));
    write(() => before.delete('others', 'ns', 'ü'));
    before.close();

    const path = join(directory, 'journal');
    const whole = readFileSync(path);
    let reached = 0;
    for (let length = 0; length <= whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      const after = open();
      const index = states.indexOf(stateOf(after), reached);
      expect(index, `cut after ${length} bytes`).to.be.greaterThan(-1);
      reached = index;
      after.close();
    }
    expect(reached).to.equal(states.length - 1);
  });

  it('drops what is behind a damaged record, and goes on from there', () => {
    const before = open();
    before.create('things', thing('a', 1));
    const sound = readFileSync(join(directory, 'journal')).length;
    before.create('things', thing('b', 1));
    before.close();
    const bytes = readFileSync(join(directory, 'journal'));
    bytes[sound + 20]! ^= 0xff;
    writeFileSync(join(directory, 'journal'), bytes);

    const after = open();
    expect(after.list('things').map(({ metadata }) => metadata.name)).to.deep.equal(['a']);
    after.create('things', thing('c', 1));
    after.close();
    expect(open().list('things').map(({ metadata }) => metadata.name)).to.deep.equal(['a', 'c']);
  });

  it('lets no change happen that it could not keep', () => {
    const journal = openJournal(directory);
    const storage = new MemoryStorage(new ManualClock(), journal);
    storage.create('things', thing('a', 1));
    journal.close();
    expect(() => storage.create('things', thing('b', 1))).to.throw('EBADF');
    expect(storage.list('things').map(({ metadata }) => metadata.name)).to.deep.equal(['a']);
  });

  it('is compacted when most of it is history', () => {
    const before = open();
    before.create('things', thing('a', 0));
    const filler = 'x'.repeat(100_000);
    for (let value = 1; value <= 60; value++) before.update('things', { ...thing('a', value), filler });
    before.close();
    expect(readFileSync(join(directory, 'journal')).length).to.be.lessThan(4.5 * 1024 * 1024);
    const after = open();
    expect(after.get('things', 'ns', 'a')!['value']).to.equal(60);
    expect(after.revision).to.equal(before.revision);
    after.close();
  });
});
