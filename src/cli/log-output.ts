import { openSync, writeSync } from 'node:fs';
import { CliError } from './cli-error.js';

const STANDARD: Readonly<Record<string, NodeJS.WriteStream>> = { stdout: process.stdout, stderr: process.stderr };

/** Writes to every path of a comma-separated list; `stdout` and `stderr` are the standard streams. Throws {@link CliError} for a file that cannot be opened. */
export function logOutput(paths: string): (text: string) => void {
  const outputs = paths.split(',').map((path) => path.trim()).filter(Boolean).map(open);
  return (text) => {
    for (const write of outputs) write(text);
  };
}

/** Lines for `paths`; what cannot be written there, a full disk for example, is said once to `errorPaths`. */
export function logWriter(paths: string, errorPaths: string): (line: string) => void {
  const write = logOutput(paths);
  const complain = logOutput(errorPaths);
  let failed = false;
  return (line) => {
    try {
      write(line);
      failed = false;
    } catch (error) {
      if (!failed) complain(`karpenter-ts: cannot write the log: ${(error as Error).message}\n`);
      failed = true;
    }
  };
}

function open(path: string): (text: string) => void {
  const stream = STANDARD[path];
  if (stream) return (text) => void stream.write(text);
  try {
    const file = openSync(path, 'a');
    return (text) => void writeSync(file, text);
  } catch (error) {
    throw new CliError(`cannot open the log ${path}: ${(error as Error).message}`);
  }
}
