import { stringify } from 'yaml';
import type { ApiObject, JsonObject, ResourceDefinition, TableColumns } from '../contracts.js';
import type { RestContext, RestResult, WatchEvent } from '../rest/context.js';
import { apiVersionOf } from '../group-version.js';
import { includedObject, renderTable } from '../table/render-table.js';
import { goPackage } from '../rest/kind-problem.js';
import { notAcceptable, StatusError } from '../status.js';
import { once } from './exchange.js';
import type { Encoding } from './negotiate.js';
import { PROTOBUF } from './protobuf.js';
import { encodeEvent, encodeList, encodeObject } from './protobuf-writer.js';

/** As Kubernetes writes YAML: in order, and with quotes where an old reader would take a text for something else. */
const YAML = { version: '1.1', sortMapEntries: true, indentSeq: false, lineWidth: 0, aliasDuplicateObjects: false } as const;
/** Items of a list that are written at a time. */
const CHUNK = 100;

/** The body of an answer. */
export interface EncodedBody {
  contentType: string;
  body: AsyncIterable<Uint8Array | string>;
}

/** Writes a result as the client wants it. */
export function encode(ctx: RestContext, result: Exclude<RestResult, { type: 'connection' }>, encoding: Encoding, query: URLSearchParams): EncodedBody {
  const { version } = encoding;
  const partialMetadata = ({ metadata }: ApiObject): ApiObject => ({ kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata });
  const includeObject = encoding.as === 'Table' ? includedObject(query.get('includeObject')) : 'Metadata';
  const table = (columns: TableColumns, objects: readonly ApiObject[], listMetadata: JsonObject, { withColumns = true, included = includeObject } = {}): JsonObject =>
    renderTable(columns, objects, {
      includeObject: included,
      version,
      now: ctx.clock.now(),
      listMetadata,
      withColumns,
    });

  switch (result.type) {
    case 'text':
      return { contentType: 'text/plain', body: result.chunks };
    case 'object': {
      const { definition, object, columns = definition?.columns } = result;
      if (!columns || encoding.as === 'object') return whole(object, encoding);
      const known = object as ApiObject;
      if (definition && encoding.as === 'PartialObjectMetadataList') throw misfit(definition, encoding.as, 'not a list', '');
      return whole(encoding.as === 'Table' ? table(columns, [known], { resourceVersion: known.metadata.resourceVersion ?? '' }) : partialMetadata(known), encoding);
    }
    case 'list': {
      const { definition, items, metadata } = result;
      if (encoding.as === 'Table') return whole(table(definition.columns, items, metadata), encoding);
      if (encoding.as === 'PartialObjectMetadata') throw misfit(definition, encoding.as, 'a list', 'List');
      const partial = encoding.as === 'PartialObjectMetadataList';
      const header =
        partial
          ? { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}`, metadata }
          : { kind: definition.listKind, apiVersion: apiVersionOf(definition), metadata };
      // Items of built-in lists do not say what the list says already.
      const shown = partial ? items.map(partialMetadata) : definition.custom ? items : items.map(({ apiVersion: _apiVersion, kind: _kind, ...item }) => item);
      if (encoding.format === 'protobuf') return { contentType: PROTOBUF, body: once(encodeList({ ...header, items: shown, itemKind: header.kind.slice(0, -'List'.length) })) };
      if (partial && shown.length === 0) return whole({ ...header, items: null }, encoding);
      if (encoding.format === 'yaml' || encoding.pretty) return whole({ ...header, items: shown }, encoding);
      return { contentType: 'application/json', body: listChunks(header, shown) };
    }
    case 'watch': {
      if (encoding.format === 'yaml') throw notAcceptable(['application/json', 'application/json;stream=watch']);
      if (encoding.format === 'protobuf') {
        const partial = encoding.as === 'PartialObjectMetadata';
        return { contentType: `${PROTOBUF};stream=watch`, body: watchFrames(result.events, ({ type, object }) => (partial && type !== 'ERROR' ? partialMetadata(object as ApiObject) : object)) };
      }
      let withColumns = true;
      const shown = (object: ApiObject | JsonObject, type: WatchEvent['type']): string => {
        if (type === 'ERROR' || encoding.as === 'object') return encoded(object);
        if (encoding.as !== 'Table') return JSON.stringify(partialMetadata(object as ApiObject));
        const known = object as ApiObject;
        // Clients find the end of the initial events, and where to go on, in a bookmark's row.
        const included = type === 'BOOKMARK' && includeObject === 'None' ? 'Metadata' : includeObject;
        const rendered = table(result.definition.columns, [known], { resourceVersion: known.metadata.resourceVersion ?? '' }, { withColumns, included });
        withColumns = false;
        return JSON.stringify(rendered);
      };
      return { contentType: 'application/json', body: watchLines(result.events, shown) };
    }
  }
}

/** An object where a list was asked for, or the other way round; the message has the Go type of what is there. */
function misfit({ custom, group, kind }: ResourceDefinition, wanted: string, is: string, suffix: string): StatusError {
  const type = custom ? `unstructured.Unstructured${suffix}` : `${goPackage(group)}.${kind}${suffix}`;
  return new StatusError(406, 'NotAcceptable', `you requested ${wanted}, but the requested object is ${is} (*${type})`);
}

async function* watchLines(batches: AsyncIterable<WatchEvent[]>, shown: (object: ApiObject | JsonObject, type: WatchEvent['type']) => string): AsyncGenerator<string> {
  for await (const events of batches) yield events.map(({ type, object }) => `{"type":"${type}","object":${shown(object, type)}}\n`).join('');
}

async function* watchFrames(batches: AsyncIterable<WatchEvent[]>, shown: (event: WatchEvent) => ApiObject | JsonObject): AsyncGenerator<Buffer> {
  for await (const events of batches) yield Buffer.concat(events.map((event) => encodeEvent(event.type, shown(event))));
}

/** The text of the last object: several watches of one resource mostly show the same event one after another. */
let lastEncoded: { object: object; text: string } | undefined;

function encoded(object: object): string {
  if (lastEncoded?.object !== object) lastEncoded = { object, text: JSON.stringify(object) };
  return lastEncoded.text;
}

function whole(value: object, encoding: Encoding): EncodedBody {
  const { contentType, body } = written(value, encoding);
  return { contentType, body: once(body) };
}

/** A value in a format; in JSON, if it has no protobuf. */
export function written(value: object, { format, pretty }: Pick<Encoding, 'format' | 'pretty'>): { contentType: string; body: string | Uint8Array } {
  if (format === 'yaml') return { contentType: 'application/yaml', body: stringify(value, YAML) };
  const protobuf = format === 'protobuf' ? encodeObject(value as JsonObject) : undefined;
  if (protobuf) return { contentType: PROTOBUF, body: protobuf };
  return { contentType: 'application/json', body: pretty ? JSON.stringify(value, null, 2) : `${JSON.stringify(value)}\n` };
}

/** A long list leaves in pieces, so that its text is never in memory as a whole. */
async function* listChunks(header: JsonObject, items: readonly object[]): AsyncGenerator<string> {
  let text = `${JSON.stringify(header).slice(0, -1)},"items":[`;
  for (let from = 0; from < items.length; from += CHUNK) {
    const chunk = items.slice(from, from + CHUNK).map((item) => JSON.stringify(item));
    yield `${text}${from > 0 ? ',' : ''}${chunk.join(',')}`;
    text = '';
  }
  yield `${text}]}\n`;
}
