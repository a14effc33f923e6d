import { isIP } from 'node:net';
import type { FieldError } from '../../schema/field-error.js';
import { invalid, required } from '../../schema/field-error.js';
import { isObject } from '../../schema/schema.js';
import type { KindBehaviour } from '../behaviour.js';
import { CIDR_PROBLEM, isCidr } from '../validation/common.js';

/** An address of the service range that somebody has taken; its name is the address. */
export const ipAddressBehaviour: KindBehaviour = {
  nameFormat: 'pathSegment',
  validate({ metadata: { name = '' }, spec }) {
    const parent = isObject(spec) ? spec['parentRef'] : undefined;
    if (isIP(name) === 0) return [invalid('metadata.name', name, 'must be a valid address in canonical form')];
    if (!isObject(parent)) return [required('spec.parentRef', '')];
    return (['resource', 'name'] as const).filter((field) => !parent[field]).map((field): FieldError => required(`spec.parentRef.${field}`, ''));
  },
  validateUpdate: (object, previous) => (JSON.stringify(object['spec']) === JSON.stringify(previous['spec']) ? [] : [invalid('spec.parentRef', object['spec'], 'field is immutable')]),
};

/** A range of which services get their addresses. */
export const serviceCidrBehaviour: KindBehaviour = {
  validate({ spec }) {
    const cidrs = isObject(spec) && Array.isArray(spec['cidrs']) ? (spec['cidrs'] as unknown[]) : [];
    if (cidrs.length === 0) return [required('spec.cidrs', 'at least one CIDR required')];
    return cidrs.flatMap((cidr, index) => (isCidr(cidr) ? [] : [invalid(`spec.cidrs[${index}]`, cidr, CIDR_PROBLEM)]));
  },
};
