import { FAMILIES } from './data.js';

/** What EC2 and its documentation say of one instance type. Prices and zones are those of the table's region, us-east-1. */
export interface CatalogueType {
  readonly name: string;
  readonly family: string;
  readonly size: string;
  readonly architecture: 'amd64' | 'arm64';
  readonly cpuManufacturer: 'Intel' | 'AMD' | 'AWS';
  /** Sustained; undefined where EC2 does not say. */
  readonly clockMHz: number | undefined;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly onDemandPrice: number;
  /** Of the default network card: the one that pod density counts. */
  readonly maxEnis: number;
  readonly maxEnisAllCards: number;
  readonly networkCards: number;
  readonly ipv4PerEni: number;
  /** Whether the type takes branch interfaces (security groups for pods). */
  readonly trunking: boolean;
  readonly branchEnis: number;
  /** Baseline bandwidth. */
  readonly networkMbps: number;
  /** False where AWS documents no baseline bandwidth, so that the node carries no label for it. */
  readonly networkDocumented: boolean;
  /** Maximum EBS bandwidth; undefined when the type is not EBS-optimized by default. */
  readonly ebsMbps: number | undefined;
  readonly efaInterfaces: number;
  readonly enaSupport: 'required' | 'supported' | 'unsupported';
  readonly encryptionInTransit: boolean;
  /** Undefined on bare metal. */
  readonly hypervisor: 'nitro' | 'xen' | undefined;
  readonly burstable: boolean;
  readonly currentGeneration: boolean;
  readonly nitroEnclaves: boolean;
  readonly usageClasses: readonly ('on-demand' | 'spot' | 'capacity-block')[];
  readonly placementStrategies: readonly ('cluster' | 'partition' | 'spread')[];
  readonly cpuFeatures: readonly string[];
  /** The letters of the zones that offer it: `['a', 'b', 'c']`. */
  readonly zones: readonly string[];
  /** Instance storage in GB, disks of every kind; undefined without. */
  readonly storageGB: number | undefined;
  /** Whether the instance storage is NVMe. */
  readonly storageNvme: boolean;
  /** 0 for fractions of a GPU, as EC2 reports them. */
  readonly gpuCount: number;
  readonly gpuName: string | undefined;
  readonly gpuManufacturer: 'NVIDIA' | 'AMD' | undefined;
  /** Of one GPU. */
  readonly gpuMemoryMiB: number | undefined;
  readonly neuronDevices: number;
  readonly neuronName: string | undefined;
  /** Of all devices together. */
  readonly neuronCores: number;
}

type Facts = Omit<CatalogueType, 'name' | 'family' | 'size'>;

const text = (cell: string): string => cell.replaceAll('_', ' ');
const optional = (cell: string): string | undefined => (cell === '-' ? undefined : text(cell));
const optionalNumber = (cell: string): number | undefined => (cell === '-' ? undefined : Number(cell));
const flag = (cell: string): boolean => cell === '1';
const spelledOut = (words: Record<string, string>) => (cell: string): readonly string[] => cell.split('').map((letter) => words[letter] as string);
const word = (words: Record<string, string>) => (cell: string): string | undefined => words[cell];

/** The columns in the order of data.ts, each with how to read a cell. */
const COLUMNS: { [Key in keyof Facts]-?: (cell: string) => unknown } = {
  architecture: text,
  cpuManufacturer: text,
  clockMHz: optionalNumber,
  vcpus: Number,
  memoryMiB: Number,
  onDemandPrice: Number,
  maxEnis: Number,
  maxEnisAllCards: Number,
  networkCards: Number,
  ipv4PerEni: Number,
  trunking: flag,
  branchEnis: Number,
  networkMbps: Number,
  networkDocumented: flag,
  ebsMbps: optionalNumber,
  efaInterfaces: Number,
  enaSupport: word({ r: 'required', s: 'supported', u: 'unsupported' }),
  encryptionInTransit: flag,
  hypervisor: optional,
  burstable: flag,
  currentGeneration: flag,
  nitroEnclaves: flag,
  usageClasses: spelledOut({ o: 'on-demand', s: 'spot', c: 'capacity-block' }),
  placementStrategies: spelledOut({ c: 'cluster', p: 'partition', s: 'spread' }),
  cpuFeatures: (cell) => (cell === '-' ? [] : cell.split('|')),
  zones: (cell) => cell.split(''),
  storageGB: optionalNumber,
  storageNvme: flag,
  gpuCount: Number,
  gpuName: optional,
  gpuManufacturer: optional,
  gpuMemoryMiB: optionalNumber,
  neuronDevices: Number,
  neuronName: optional,
  neuronCores: Number,
};
const READERS = Object.entries(COLUMNS);

/** The types of one line. A field holds one cell for all sizes, or one cell a size. */
function readFamily(line: string): CatalogueType[] {
  const [family, sizes, ...fields] = line.split(';') as [string, string, ...string[]];
  const columns = fields.map((field) => field.split(' '));
  return sizes.split(' ').map((size, row) => {
    const type: Record<string, unknown> = { name: `${family}.${size}`, family, size };
    READERS.forEach(([key, read], column) => {
      const cells = columns[column] as string[];
      type[key] = read((cells.length === 1 ? cells[0] : cells[row]) as string);
    });
    return type as unknown as CatalogueType;
  });
}

/** The families' lines by name; each is read when one of its types is first asked for. */
const lines = new Map(FAMILIES.trim().split('\n').map((line) => [line.slice(0, line.indexOf(';')), line]));
const read = new Map<string, ReadonlyMap<string, CatalogueType>>();

function family(name: string): ReadonlyMap<string, CatalogueType> | undefined {
  const known = read.get(name);
  if (known) return known;
  const line = lines.get(name);
  if (line === undefined) return undefined;
  const types = new Map(readFamily(line).map((type) => [type.name, type]));
  read.set(name, types);
  return types;
}

/** One instance type by its name (`m5.large`), or undefined when the catalogue does not know it. */
export function catalogueType(name: string): CatalogueType | undefined {
  return family(name.slice(0, name.indexOf('.')))?.get(name);
}

/** Every instance type, in the alphabetical order of families and by size within one. */
export function* catalogueTypes(): Generator<CatalogueType> {
  for (const name of lines.keys()) yield* (family(name) as ReadonlyMap<string, CatalogueType>).values();
}
