/** A setting that stops the process at start. */
export class InvalidSetting extends Error {
  readonly reason = 'InvalidSetting';
  constructor(readonly setting: string, readonly value: string, expected: string) {
    super(`setting ${setting} is ${JSON.stringify(value)}; it must be ${expected}`);
  }
}
