/** A value that its field cannot hold, in the words of Go's JSON decoder. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  readonly reason = 'BadRequest';

  /** `converted` is what Go says where the value is copied rather than decoded, as strategic merge does. */
  constructor(message: string, readonly converted: () => string = () => message) {
    super(message);
  }
}
