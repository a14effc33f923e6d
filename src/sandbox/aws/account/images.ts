import type { Clock } from '../../../operator/clock.js';
import { AwsError } from '../protocol/error.js';
import { hashId } from './identifiers.js';
import type { Tags } from './tags.js';

export interface Image {
  readonly id: string;
  readonly name: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly platform: 'linux' | 'windows';
  readonly ownerId: string;
  /** `amazon`, or undefined for the account's own. */
  readonly ownerAlias: string | undefined;
  /** Milliseconds since the epoch. */
  readonly creationDate: number;
  readonly deprecationTime: number | undefined;
  readonly rootDevice: string;
  /** GiB of the root device's snapshot: a smaller volume is refused. */
  readonly rootGiB: number;
  readonly description: string;
  readonly tags: Tags;
}

/** A family's variant: where SSM publishes it and how its images are called. */
interface Variant {
  readonly name: (kubernetes: string, release: Release) => string;
  /** The SSM parameter of one release, and of the newest. */
  readonly parameter: (kubernetes: string, release: Release) => string;
  readonly newest: (kubernetes: string) => string;
  readonly supports: (minor: number) => boolean;
  readonly architecture: Image['architecture'];
  readonly platform: Image['platform'];
  readonly ownerId: string;
  readonly rootDevice: string;
  readonly rootGiB: number;
  readonly description: string;
}

/** One publication of all families. */
export interface Release {
  /** `2025-10-16`. */
  readonly date: string;
  /** Of Bottlerocket: `1.49.0`. */
  readonly bottlerocket: string;
}

const RELEASES: readonly Release[] = [
  { date: '2023-05-01', bottlerocket: '1.13.5' },
  { date: '2024-08-07', bottlerocket: '1.20.5' },
  { date: '2025-02-03', bottlerocket: '1.32.0' },
  { date: '2025-07-15', bottlerocket: '1.43.0' },
  { date: '2025-10-16', bottlerocket: '1.49.0' },
];

const KUBERNETES_MINORS = Array.from({ length: 14 }, (_, index) => 23 + index);
const TWO_YEARS = 730 * 86_400_000;
const EKS = '602401143452';
const BOTTLEROCKET = '651937483462';
const WINDOWS = '801119661308';

const compact = (release: Release): string => `v${release.date.replaceAll('-', '')}`;

const al2 = (infix: '' | 'arm64-' | 'gpu-'): Variant => {
  const suffix = infix === '' ? '' : `-${infix.slice(0, -1)}`;
  const folder = (kubernetes: string): string => `/aws/service/eks/optimized-ami/${kubernetes}/amazon-linux-2${suffix}`;
  const name: Variant['name'] = (kubernetes, release) => `amazon-eks-${infix}node-${kubernetes}-${compact(release)}`;
  return {
    name, parameter: (kubernetes, release) => `${folder(kubernetes)}/${name(kubernetes, release)}/image_id`,
    newest: (kubernetes) => `${folder(kubernetes)}/recommended/image_id`,
    supports: (minor) => minor <= 32, architecture: infix === 'arm64-' ? 'arm64' : 'x86_64', platform: 'linux', ownerId: EKS,
    rootDevice: '/dev/xvda', rootGiB: 20, description: 'EKS-optimized Kubernetes node based on Amazon Linux 2',
  };
};

const al2023 = (architecture: Image['architecture'], variant: 'standard' | 'nvidia' | 'neuron'): Variant => {
  const folder = (kubernetes: string): string => `/aws/service/eks/optimized-ami/${kubernetes}/amazon-linux-2023/${architecture}/${variant}`;
  const name: Variant['name'] = (kubernetes, release) => `amazon-eks-node-al2023-${architecture}-${variant}-${kubernetes}-${compact(release)}`;
  return {
    name, parameter: (kubernetes, release) => `${folder(kubernetes)}/${name(kubernetes, release)}/image_id`,
    newest: (kubernetes) => `${folder(kubernetes)}/recommended/image_id`,
    supports: () => true, architecture, platform: 'linux', ownerId: EKS, rootDevice: '/dev/xvda', rootGiB: 20,
    description: 'EKS-optimized Kubernetes node based on Amazon Linux 2023',
  };
};

const bottlerocket = (architecture: Image['architecture'], nvidia: boolean): Variant => {
  const flavour = (kubernetes: string): string => `aws-k8s-${kubernetes}${nvidia ? '-nvidia' : ''}`;
  const folder = (kubernetes: string): string => `/aws/service/bottlerocket/${flavour(kubernetes)}/${architecture}`;
  return {
    name: (kubernetes, { bottlerocket: version }) =>
      `bottlerocket-${flavour(kubernetes)}-${architecture}-v${version}-${hashId('', version).slice(2, 10)}`,
    parameter: (kubernetes, release) => `${folder(kubernetes)}/${release.bottlerocket}/image_id`,
    newest: (kubernetes) => `${folder(kubernetes)}/latest/image_id`,
    supports: () => true, architecture, platform: 'linux', ownerId: BOTTLEROCKET, rootDevice: '/dev/xvda', rootGiB: 2, description: 'Bottlerocket',
  };
};

const windows = (year: '2019' | '2022' | '2025'): Variant => {
  const title = (kubernetes: string): string => `Windows_Server-${year}-English-Core-EKS_Optimized-${kubernetes}`;
  const newest = (kubernetes: string): string => `/aws/service/ami-windows-latest/${title(kubernetes)}/image_id`;
  return {
    name: (kubernetes, release) => `${title(kubernetes)}-${release.date.replaceAll('-', '.')}`,
    // Microsoft's images have no parameter of their own a release: only the newest is published.
    parameter: newest, newest,
    supports: (minor) => year !== '2025' || minor >= 35, architecture: 'x86_64', platform: 'windows', ownerId: WINDOWS,
    rootDevice: '/dev/sda1', rootGiB: 50, description: `Microsoft Windows Server ${year} Core, EKS optimized`,
  };
};

const VARIANTS: readonly Variant[] = [
  al2(''), al2('arm64-'), al2('gpu-'),
  al2023('x86_64', 'standard'), al2023('x86_64', 'nvidia'), al2023('x86_64', 'neuron'), al2023('arm64', 'standard'), al2023('arm64', 'nvidia'),
  bottlerocket('x86_64', false), bottlerocket('arm64', false), bottlerocket('x86_64', true), bottlerocket('arm64', true),
  windows('2019'), windows('2022'), windows('2025'),
];

/** The machine images that the account can see, and the SSM parameters that point at them. */
export class Images {
  readonly all = new Map<string, Image>();
  /** SSM parameter name → image id. */
  readonly parameters = new Map<string, string>();

  constructor(private readonly clock: Clock) {
    for (const release of RELEASES) this.publish(release);
  }

  /** A new release of every family, which the `recommended` and `latest` parameters point at from now on. */
  publish(release: Release): void {
    const created = Date.parse(release.date);
    for (const variant of VARIANTS) {
      for (const minor of KUBERNETES_MINORS) {
        if (!variant.supports(minor)) continue;
        const kubernetes = `1.${minor}`;
        const name = variant.name(kubernetes, release);
        const { architecture, platform, ownerId, rootDevice, rootGiB, description } = variant;
        const image = {
          id: hashId('ami', name), name, architecture, platform, ownerId, ownerAlias: 'amazon', creationDate: created,
          deprecationTime: created + TWO_YEARS, rootDevice, rootGiB, description: `${description}, (k8s: ${kubernetes})`,
          tags: new Map<string, string>(),
        };
        this.add(image);
        this.parameters.set(variant.parameter(kubernetes, release), image.id);
        this.parameters.set(variant.newest(kubernetes), image.id);
      }
    }
  }

  /** Registers one image, for example of the account's own. */
  add(image: Image): void {
    this.all.set(image.id, image);
  }

  isDeprecated(image: Image): boolean {
    return image.deprecationTime !== undefined && image.deprecationTime <= this.clock.now();
  }

  /** Throws InvalidAMIID.Malformed or InvalidAMIID.NotFound. */
  get(id: string): Image {
    if (!/^ami-[0-9a-f]+$/.test(id)) throw new AwsError('InvalidAMIID.Malformed', `Invalid id: "${id}" (expecting "ami-...")`);
    const image = this.all.get(id);
    if (!image) throw new AwsError('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`);
    return image;
  }
}
