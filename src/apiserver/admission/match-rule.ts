import type { NamedRuleWithOperations } from 'kubernetes-types/admissionregistration/v1.js';

/** A resource rule of a policy, with the fields that the type package leaves out. */
export type MatchRule = NamedRuleWithOperations & { resources?: string[]; scope?: string };
