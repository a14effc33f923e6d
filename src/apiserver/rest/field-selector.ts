import type { ApiObject, ResourceDefinition } from '../contracts.js';
import { badRequest } from '../status.js';

interface FieldRequirement {
  field: string;
  equal: boolean;
  value: string;
}

/** Reads `metadata.name=a,spec.nodeName!=b` for one resource; fields that it cannot select by are a BadRequest. */
export function parseFieldSelector(text: string, definition: ResourceDefinition): (object: ApiObject) => boolean {
  const requirements = splitTerms(text).map(parseTerm);
  const tests = requirements.map(({ field, equal, value }) => {
    const read = fieldReader(field, definition);
    return (object: ApiObject): boolean => (read(object) === value) === equal;
  });
  return (object) => tests.every((test) => test(object));
}

/** @throws {StatusError} BadRequest, for a text that is none */
export function checkFieldSelector(text: string): void {
  splitTerms(text).forEach(parseTerm);
}

/** The name that a selector pins with `metadata.name=`, if it does. */
export function selectedName(text: string): string | undefined {
  return splitTerms(text)
    .map(parseTerm)
    .find(({ field, equal }) => field === 'metadata.name' && equal)?.value;
}

function fieldReader(field: string, { kind, selectableFields, namespaced, custom }: ResourceDefinition): (object: ApiObject) => string {
  if (field === 'metadata.name') return ({ metadata }) => metadata.name ?? '';
  if (field === 'metadata.namespace' && namespaced) return ({ metadata }) => metadata.namespace ?? '';
  const read = Object.hasOwn(selectableFields, field) ? selectableFields[field] : undefined;
  if (!read) {
    throw badRequest(
      kind === 'Job'
        ? `field label ${JSON.stringify(field)} not supported for Job`
        : custom || Object.keys(selectableFields).length > 0
        ? `field label not supported: ${field}`
        : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  }
  return read;
}

/** Splits at commas that no backslash escapes. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let term = '';
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if (character === '\\' && index + 1 < text.length) term += character + text[++index]!;
    else if (character === ',') {
      terms.push(term);
      term = '';
    } else term += character;
  }
  terms.push(term);
  return terms.filter((part) => part !== '');
}

function parseTerm(term: string): FieldRequirement {
  const match = /^((?:[^\\=!]|\\.)*?)(!=|==|=)(.*)$/s.exec(term);
  if (!match) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
  const value = match[3]!;
  if (/(?:^|[^\\])(?:\\\\)*=/.test(value) || /\\(?![\\,=])/.test(value)) {
    throw badRequest(`invalid field selector: invalid character or escape sequence in value '${value}'`);
  }
  return { field: match[1]!, equal: match[2] !== '!=', value: value.replace(/\\([\\,=])/g, '$1') };
}
