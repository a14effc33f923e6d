export type XmlValue = string | number | boolean | undefined | XmlObject | readonly XmlValue[] | Repeated;
export interface XmlObject {
  readonly [element: string]: XmlValue;
}

/** A list without an element around it: the member's own element is repeated. */
export class Repeated {
  constructor(readonly values: readonly XmlValue[]) {}
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#xD;' };

const escape = (text: string): string => text.replace(/[&<>"\r]/g, (char) => ESCAPES[char] as string);

/** Encodes an element with its content. Lists become repeated `listTag` elements; undefined is left out. */
export const xmlEncoder = (listTag: string) =>
  function encode(element: string, value: XmlValue): string {
    if (value === undefined) return '';
    if (typeof value !== 'object') return `<${element}>${typeof value === 'string' ? escape(value) : String(value)}</${element}>`;
    if (value instanceof Repeated) return value.values.map((entry) => encode(element, entry)).join('');
    let content = '';
    if (Array.isArray(value)) for (const entry of value as readonly XmlValue[]) content += encode(listTag, entry);
    else for (const [name, member] of Object.entries(value as XmlObject)) content += encode(name, member);
    return `<${element}>${content}</${element}>`;
  };

/** A moment as AWS writes it in XML: `2026-01-31T12:00:00.000Z`. */
export const isoTime = (epochMilliseconds: number): string => new Date(epochMilliseconds).toISOString();
