import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ContainerModule } from 'inversify';
import { Container } from 'inversify';
import { ReconcilerToken, compile } from '../../operator/index.js';
import type { Plan, ReconcilerClass } from '../../operator/index.js';
import { CliError } from '../cli-error.js';
import type { Project } from './project.js';

/** What the compiled project exports as `modules`. Throws a {@link CliError} when it is not built, or exports something else. */
export async function loadModules({ folder, module }: Project): Promise<ContainerModule[]> {
  const path = join(folder, module);
  const { modules } = await (import(pathToFileURL(path).href) as Promise<{ modules?: unknown }>).catch((error: NodeJS.ErrnoException) => {
    const isMissing = error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes(`'${path}'`);
    throw new CliError(isMissing ? `${path} is missing; "npm run build" makes it` : `${path} cannot be loaded: ${error.message}`, 1, { cause: error });
  });
  // Not instanceof: the project may have a copy of Inversify of its own.
  const isModule = (value: unknown): boolean => typeof value === 'object' && value !== null && 'load' in value;
  if (!Array.isArray(modules) || !modules.every(isModule)) throw new CliError(`${path} has to export the operator's modules: export const modules: ContainerModule[] = [reconcilers(…)]`);
  return modules as ContainerModule[];
}

/** What modules declare: nothing of theirs is constructed for it. Throws InvalidDeclarations. */
export async function planOf(modules: readonly ContainerModule[]): Promise<Plan> {
  const container = new Container();
  await container.loadAsync(...modules);
  return compile(container.isBound(ReconcilerToken) ? container.getAll<ReconcilerClass>(ReconcilerToken) : []);
}
