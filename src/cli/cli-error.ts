/** Something that ends the command with one line on standard error and an exit code: 1 for failure, 2 for usage. */
export class CliError extends Error {
  constructor(message: string, readonly exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options);
  }
}
