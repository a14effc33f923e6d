import type { Container } from 'inversify';
import type { ReconcilerClass } from '../dsl/plan.js';

/** A class that the container cannot make: a parameter without a token, or a token under which nothing is bound. */
export class CannotConstructError extends Error {
  override readonly name = 'CannotConstructError';
  readonly reason = 'CannotConstruct';
}

/** What of Inversify's words helps, in ours. */
function explained({ name, length }: ReconcilerClass, message: string): string {
  const found = /unexpected missing metadata on type .* found (\d+) instead/.exec(message);
  if (found) return `class ${name} cannot be constructed: ${found[1]} of the ${length} parameters of its constructor have @inject(TOKEN), and each needs it: types are not there at run time`;
  const missing = /No bindings found for service: "(?:Symbol\(([^)]+)\)|([^"]+))"/.exec(message);
  if (missing) return `class ${name} cannot be constructed: nothing is bound under ${missing[1] ?? missing[2]}; bind it in a ContainerModule that goes to use(), or to testBed()`;
  return `class ${name} cannot be constructed: ${message}`;
}

/** Runs what may find that a class cannot be constructed, and says it in our words. */
export function explaining<T>(type: ReconcilerClass, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new CannotConstructError(explained(type, (error as Error).message), { cause: error });
  }
}

/** The instance of a class, with what it injects. Rejects with {@link CannotConstructError}. */
export async function construct(container: Container, type: ReconcilerClass): Promise<object> {
  try {
    return await container.getAsync(type as new () => object);
  } catch (error) {
    throw new CannotConstructError(explained(type, (error as Error).message), { cause: error });
  }
}
