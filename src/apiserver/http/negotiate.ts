import { noRepresentation, notAcceptable } from '../status.js';
import { PROTOBUF } from './protobuf.js';

/** How an answer is written. */
export interface Encoding {
  format: 'json' | 'yaml' | 'protobuf';
  /** What objects are turned into before. */
  as: 'object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  /** The version of `meta.k8s.io` in which that is. */
  version: string;
  pretty: boolean;
}

/** One thing that a client takes. */
export interface AcceptedType {
  /** `application/json`, in lower case. */
  type: string;
  /** `as`, `g`, `v` and others. */
  parameters: ReadonlyMap<string, string>;
}

const OFFERED = ['application/json', 'application/yaml', PROTOBUF];
/** Whoever reads answers with these is a person. */
const PEOPLE = /^(curl|Wget|Mozilla\/5\.0)/;

/** Whether JSON is to be indented: as `?pretty` says, else for people. */
export const isPretty = (query: URLSearchParams, userAgent = ''): boolean => {
  const asked = query.get('pretty');
  return asked === null ? PEOPLE.test(userAgent) : ['1', 't', 'true'].includes(asked.toLowerCase());
};

/** Headers that were read already: clients send few different ones, with every request. */
const read = new Map<string, readonly AcceptedType[]>();
const MOST_READ = 200;

/** What an Accept header takes, best first: by `q`, then wildcards last, then as it stands there. */
export function acceptedTypes(accept: string): readonly AcceptedType[] {
  let types = read.get(accept);
  if (!types) {
    if (read.size >= MOST_READ) read.clear();
    read.set(accept, (types = parseAccept(accept)));
  }
  return types;
}

function parseAccept(accept: string): AcceptedType[] {
  return accept
    .split(',')
    .map((range) => {
      const [type = '', ...given] = range.split(';').map((part) => part.trim());
      const parameters = new Map(given.map((parameter) => parameter.split('=', 2).map((part) => part.trim()) as [string, string]));
      return { type: type.toLowerCase(), parameters, quality: Number(parameters.get('q') ?? 1), wildcards: type.split('*').length };
    })
    .filter(({ quality }) => quality !== 0)
    .sort((left, right) => right.quality - left.quality || left.wildcards - right.wildcards);
}

/** What there is of what is asked for. */
interface Offer {
  /** Protobuf; clients that would rather have it get JSON if they take that too. Default false. */
  protobuf?: boolean;
  /** Tables and metadata alone. Default true. */
  transforms?: boolean;
  /** It has a route, as what is built in has, that takes none but types that are named whole. Default: what has protobuf. */
  routed?: boolean;
}

/**
 * The best acceptable encoding.
 * @throws {StatusError} NotAcceptable
 */
export function negotiate(headers: Readonly<Record<string, string>>, query: URLSearchParams, { protobuf = false, transforms = true, routed = protobuf }: Offer = {}): Encoding {
  const pretty = isPretty(query, headers['user-agent']);
  const { accept } = headers;
  if (!accept) return { format: 'json', as: 'object', version: 'v1', pretty };
  const accepted = acceptedTypes(accept);
  if (routed) requireOneOf(OFFERED, accepted);
  for (const { type, parameters } of accepted) {
    const format = formatOf(type);
    if (!format) continue;
    const as = parameters.get('as');
    // Metadata is the same whatever it belongs to.
    if (format === 'protobuf' && !protobuf && !as?.startsWith('PartialObjectMetadata')) continue;
    if (as === undefined) return { format, as: 'object', version: 'v1', pretty };
    if (!transforms) continue;
    const version = parameters.get('v') ?? '';
    if (parameters.get('g') !== 'meta.k8s.io' || !['v1', 'v1beta1'].includes(version)) continue;
    if ((as === 'Table' && format !== 'protobuf') || as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return { format, as, version, pretty };
  }
  throw notAcceptable(OFFERED);
}

/** Refuses clients that take none of the types. */
export function requireOneOf(offered: readonly string[], accepted: readonly AcceptedType[]): void {
  if (!accepted.some(({ type }) => type === '*/*' || offered.includes(type))) throw noRepresentation(offered);
}

/** The format that a media type stands for. */
export function formatOf(type: string): Encoding['format'] | undefined {
  switch (type) {
    case 'application/json':
    case 'application/*':
    case '*/*':
      return 'json';
    case 'application/yaml':
      return 'yaml';
    case PROTOBUF:
      return 'protobuf';
    default:
      return undefined;
  }
}
