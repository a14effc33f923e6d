const INTEGER = /^[+-]?\d+$/;

/** The values of one label key, numbered as they are met. */
export class KeyVocabulary {
  private readonly numbers = new Map<string, number>();
  readonly values: string[] = [];
  /** The integer that a value spells; NaN when it is none. */
  readonly integers: number[] = [];

  constructor(readonly key: string, readonly id: number) {}

  number(value: string): number {
    let number = this.numbers.get(value);
    if (number === undefined) {
      number = this.values.length;
      this.numbers.set(value, number);
      this.values.push(value);
      this.integers.push(INTEGER.test(value) ? Number(value) : Number.NaN);
    }
    return number;
  }

  /** The number of a value that was met before; undefined when it was not. */
  find(value: string): number | undefined {
    return this.numbers.get(value);
  }
}

/** Label keys and their values as small integers. Grows; numbers never change. */
export class Vocabulary {
  private readonly byName = new Map<string, KeyVocabulary>();

  key(name: string): KeyVocabulary {
    let key = this.byName.get(name);
    if (key === undefined) {
      key = new KeyVocabulary(name, this.byName.size);
      this.byName.set(name, key);
    }
    return key;
  }
}
