import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../operator/duration.js';
import type { FaultOptions, PoolPattern } from '../sandbox/index.js';

/** What can go wrong in the sandbox's AWS, as the command line says it. */
export interface AwsFaults {
  dials: FaultOptions;
  /** Pools without capacity from the start. */
  exhausted: PoolPattern[];
}

const DIALS: Readonly<Record<string, { dial: keyof FaultOptions; read: (text: string) => number | undefined; example: string }>> = {
  latency: { dial: 'latency', read: parseDuration, example: '50ms' },
  throttle: { dial: 'throttleRate', read: (text) => within(Number(text), 0, 1), example: '0.05' },
  consistency: { dial: 'consistencyDelay', read: parseDuration, example: '2s' },
  'spot-interruptions': { dial: 'spotInterruptionsPerHour', read: (text) => within(Number(text), 0, Infinity), example: '2' },
  'on-demand-vcpus': { dial: 'onDemandVcpuLimit', read: (text) => within(Number(text), 0, Infinity), example: '64' },
  'spot-instances': { dial: 'spotInstanceLimit', read: (text) => within(Number(text), 0, Infinity), example: '10' },
};

const within = (value: number, low: number, high: number): number | undefined => (value >= low && value <= high ? value : undefined);

export const FAULTS_HELP = `${Object.entries(DIALS).map(([name, { example }]) => `${name}=${example}`).join(', ')}, exhausted=t3.medium/us-west-2a/spot (type, zone and capacity type; * for any)`;

/** Adds one `name=value` to the faults so far. Throws commander's usage error. */
export function parseFault(text: string, faults: AwsFaults = { dials: {}, exhausted: [] }): AwsFaults {
  const [name = '', value = ''] = text.split(/=(.*)/s);
  if (name === 'exhausted') return { ...faults, exhausted: [...faults.exhausted, poolOf(value)] };
  const dial = DIALS[name];
  if (!dial) throw new InvalidArgumentError(`There is no fault "${name}"; there are ${[...Object.keys(DIALS), 'exhausted'].join(', ')}.`);
  const amount = dial.read(value);
  if (amount === undefined) throw new InvalidArgumentError(`"${value}" is nothing for ${name}; write for example ${name}=${dial.example}.`);
  return { ...faults, dials: { ...faults.dials, [dial.dial]: amount } };
}

function poolOf(text: string): PoolPattern {
  const [instanceType = '*', zone = '*', capacityType = '*'] = text.split('/');
  if (capacityType !== '*' && capacityType !== 'spot' && capacityType !== 'on-demand') throw new InvalidArgumentError(`"${capacityType}" is no capacity type: it is spot, on-demand or *.`);
  return {
    ...(instanceType === '*' || instanceType === '' ? {} : { instanceType }),
    ...(zone === '*' ? {} : { zone }),
    ...(capacityType === '*' ? {} : { capacityType }),
  };
}
