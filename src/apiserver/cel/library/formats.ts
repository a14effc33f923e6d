import { type Environment, Optional } from '@marcbachmann/cel-js';
import { fitsFormat } from '../../schema/formats.js';
import { registerNamespace } from './namespace.js';
import { dns1035Label, dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from '../../schema/names.js';

class NamedFormat {
  constructor(readonly check: (value: string) => string[]) {}
}

const byFormat = (format: string): ((value: string) => string[]) => (value) => (fitsFormat(value, format) ? [] : [`invalid ${format}`]);

/** A name that something will be appended to may end in a dash. */
const prefix = (check: (value: string) => string[]) => (value: string): string[] => check(value.replace(/-+$/, '-a'));

const FORMATS: Record<string, (value: string) => string[]> = {
  dns1123Label,
  dns1123Subdomain,
  dns1035Label,
  qualifiedName,
  dns1123LabelPrefix: prefix(dns1123Label),
  dns1123SubdomainPrefix: prefix(dns1123Subdomain),
  dns1035LabelPrefix: prefix(dns1035Label),
  labelValue,
  uri: byFormat('uri'),
  uuid: byFormat('uuid'),
  byte: byFormat('byte'),
  date: byFormat('date'),
  datetime: byFormat('date-time'),
};

/** `format.dns1123Label().validate(text)`: none when it fits, else the list of what is wrong. */
export function registerFormats(environment: Environment): void {
  registerNamespace(environment, 'format');
  environment.registerType('kubernetes.NamedFormat', { ctor: NamedFormat, fields: {} });
  for (const [name, check] of Object.entries(FORMATS)) {
    const format = new NamedFormat(check);
    environment.registerFunction(`format.${name}(): kubernetes.NamedFormat`, () => format);
  }
  environment
    .registerFunction('format.named(string): optional<kubernetes.NamedFormat>', (_namespace: unknown, name: string) => {
      const check = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
      return check ? Optional.of(new NamedFormat(check)) : Optional.none();
    })
    .registerFunction('kubernetes.NamedFormat.validate(string): optional<list<string>>', ({ check }: NamedFormat, value: string) => {
      const problems = check(value);
      return problems.length === 0 ? Optional.none() : Optional.of(problems);
    });
}
