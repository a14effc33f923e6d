import type { FieldError } from '../../schema/field-error.js';
import { invalid, required } from '../../schema/field-error.js';
import { canonicalCidrErrors, canonicalIpErrors, ipFamily } from '../../schema/ip-address.js';
import { dns1123Subdomain, pathSegment } from '../../schema/names.js';
import { isObject } from '../../schema/schema.js';
import type { KindBehaviour } from '../behaviour.js';
import { problemsAsErrors } from '../validation/common.js';

/** An address of the service range that somebody has taken; its name is the address. */
export const ipAddressBehaviour: KindBehaviour = {
  nameFormat: 'pathSegment',
  validate({ metadata: { name = '' }, spec }) {
    const parent = isObject(spec) ? spec['parentRef'] : undefined;
    const malformed = canonicalIpErrors('metadata.name', name);
    if (malformed.length > 0) return malformed;
    if (!isObject(parent)) return [required('spec.parentRef', '')];
    const { group = '', namespace = '', ...named } = parent as Record<string, string | undefined>;
    const segment = (field: string, value: string): FieldError[] => problemsAsErrors(`spec.parentRef.${field}`, value, pathSegment(value));
    return [
      ...(group === '' ? [] : problemsAsErrors('spec.parentRef.group', group, dns1123Subdomain(group))),
      ...(['resource', 'name'] as const).flatMap((field) => (named[field] ? segment(field, named[field]) : [required(`spec.parentRef.${field}`, '')])),
      ...segment('namespace', namespace),
    ];
  },
  validateUpdate: (object, previous) => (JSON.stringify(object['spec']) === JSON.stringify(previous['spec']) ? [] : [invalid('spec.parentRef', object['spec'], 'field is immutable')]),
};

/** A range of which services get their addresses. */
export const serviceCidrBehaviour: KindBehaviour = {
  validateUpdate(object, previous) {
    const [cidrs, before] = [object, previous].map(({ spec }) => (spec as { cidrs?: string[] } | undefined)?.cidrs ?? []) as [string[], string[]];
    // A second family may be added.
    if (cidrs.length !== before.length && (before.length !== 1 || cidrs.length !== 2)) return [invalid('spec.cidrs', cidrs, 'field is immutable')];
    return cidrs.flatMap((cidr, index) => (before[index] === undefined || before[index] === cidr ? [] : [invalid(`spec.cidrs[${index}]`, cidr, 'field is immutable')]));
  },
  validate({ spec }) {
    const cidrs = isObject(spec) && Array.isArray(spec['cidrs']) ? (spec['cidrs'] as string[]) : [];
    if (cidrs.length === 0) return [required('spec.cidrs', 'at least one CIDR required')];
    if (cidrs.length > 2) return [invalid('spec.cidrs', { CIDRs: cidrs }, 'may only hold up to 2 values')];
    const families = cidrs.map((cidr) => ipFamily(cidr.split('/')[0]!));
    return [
      ...cidrs.flatMap((cidr, index) => canonicalCidrErrors(`spec.cidrs[${index}]`, cidr)),
      ...(cidrs.length === 2 && families[0] !== 0 && families[0] === families[1] ? [invalid('spec.cidrs', cidrs, 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64')] : []),
    ];
  },
};
