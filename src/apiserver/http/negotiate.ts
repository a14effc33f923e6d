import { noRepresentation, notAcceptable } from '../status.js';
import { PROTOBUF } from './protobuf.js';

/** How an answer is written. */
export interface Encoding {
  format: 'json' | 'yaml' | 'protobuf';
  /** What objects are turned into before. */
  as: 'object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  pretty: boolean;
}

const OFFERED = ['application/json', 'application/yaml', PROTOBUF];

/**
 * The first acceptable encoding, in the client's order.
 * @param protobuf whether there is one of what is asked for; clients that would rather have it get JSON if they take that too
 * @throws {StatusError} NotAcceptable
 */
export function negotiate(accept: string | undefined, query: URLSearchParams, protobuf = false): Encoding {
  const pretty = ['true', '1'].includes(query.get('pretty') ?? '');
  if (!accept) return { format: 'json', as: 'object', pretty };
  let known = false;
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const format = formatOf(type.toLowerCase());
    if (!format) continue;
    known = true;
    const given = new Map(parameters.map((parameter) => parameter.split('=', 2).map((part) => part.trim()) as [string, string]));
    if (given.get('q') === '0') continue;
    const as = given.get('as');
    // Metadata is the same whatever it belongs to.
    if (format === 'protobuf' && !protobuf && !as?.startsWith('PartialObjectMetadata')) continue;
    if (as === undefined) return { format, as: 'object', pretty };
    if (given.get('g') !== 'meta.k8s.io' || !['v1', 'v1beta1'].includes(given.get('v') ?? '')) continue;
    if (as === 'Table' && format !== 'protobuf') return { format, as, pretty };
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return { format, as, pretty };
  }
  throw known || !protobuf ? notAcceptable(OFFERED) : noRepresentation(OFFERED);
}

function formatOf(type: string): Encoding['format'] | undefined {
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
