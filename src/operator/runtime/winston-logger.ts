import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import winston from 'winston';
import type { Clock } from '../clock.js';
import type { Logger } from '../logger.js';

/** How much is logged. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** How lines are written: JSON, one object a line. */
export interface LoggerOptions {
  clock: Clock;
  /** Default `info`. */
  level?: LogLevel;
  /** Where lines go. Default: standard output. */
  write?: (line: string) => void;
  /** Fields of every line, next to `logger`. */
  fields?: Readonly<Record<string, unknown>>;
}

type Fields = Readonly<Record<string, unknown>>;

/** Of equal lines within a second, so many are written, and then every so manieth. */
const SAMPLING = { first: 100, thereafter: 100 };

/** Keeps a reconciler that fails a thousand times a second from drowning everything else. */
class Sampler {
  #second = 0;
  readonly #counts = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  admits(level: LogLevel, message: string): boolean {
    const second = Math.floor(this.clock.now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#counts.clear();
    }
    const key = `${level} ${message}`;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count <= SAMPLING.first || (count - SAMPLING.first) % SAMPLING.thereafter === 0;
  }
}

/**
 * JSON lines as Karpenter's: `level` in capitals, `time` with milliseconds, `logger`, `message`, then fields. Errors become their message, with
 * what they carry beside it (`reason`, `code`) as fields of its name; there are no stack traces. Floods of equal lines are sampled.
 */
export function createLogger({ clock, level = 'info', write, fields = {} }: LoggerOptions): Logger {
  const stream = new Writable({
    decodeStrings: false,
    write: (line: string, _encoding, done) => {
      (write ?? ((text: string) => process.stdout.write(text)))(line);
      done();
    },
  });
  const backend = winston.createLogger({
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    level,
    format: winston.format.printf(({ level: severity, message, fields: rest }) =>
      lineOf({ level: severity.toUpperCase(), time: new Date(clock.now()).toISOString(), logger: 'controller', message, ...(rest as Fields) })),
    transports: [new winston.transports.Stream({ stream })],
  });
  return new WinstonLogger(backend, new Sampler(clock), level, fields);
}

/** What JSON cannot say (a response that refers to itself, a bigint) is described: a line must not fail whoever writes it. */
function lineOf(fields: Fields): string {
  try {
    return JSON.stringify(fields);
  } catch {
    return JSON.stringify(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, isWritable(value) ? value : inspect(value, { depth: 2, breakLength: Infinity })])));
  }
}

function isWritable(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}

const SEVERITY: Record<LogLevel, number> = { error: 0, warn: 1, info: 2, debug: 3 };

class WinstonLogger implements Logger {
  constructor(
    private readonly backend: winston.Logger,
    private readonly sampler: Sampler,
    private readonly level: LogLevel,
    private readonly fields: Fields,
  ) {}

  debug(message: string, fields?: Fields): void {
    this.#log('debug', message, fields);
  }

  info(message: string, fields?: Fields): void {
    this.#log('info', message, fields);
  }

  warn(message: string, fields?: Fields): void {
    this.#log('warn', message, fields);
  }

  error(message: string, fields?: Fields): void {
    this.#log('error', message, fields);
  }

  child(fields: Fields): Logger {
    return new WinstonLogger(this.backend, this.sampler, this.level, { ...this.fields, ...fields });
  }

  #log(level: LogLevel, message: string, fields?: Fields): void {
    // Lines that nobody wants cost nothing.
    if (SEVERITY[level] > SEVERITY[this.level] || !this.sampler.admits(level, message)) return;
    this.backend.log({ level, message, fields: plain({ ...this.fields, ...fields }) });
  }
}

function plain(fields: Fields): Fields {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (!(value instanceof Error)) {
      out[name] = value;
      continue;
    }
    out[name] = value.message;
    for (const [detail, content] of Object.entries(value)) {
      if (typeof content === 'string' || typeof content === 'number' || typeof content === 'boolean') out[detail] ??= content;
    }
  }
  return out;
}
