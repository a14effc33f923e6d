import type { FlowSchema, ResourcePolicyRule, Subject } from 'kubernetes-types/flowcontrol/v1.js';
import { type Requester, serviceAccountOf } from '../authentication/requester.js';
import type { Attributes } from '../authorization/attributes.js';
import { allows } from '../authorization/policy-rule.js';
import type { ApiObject, Storage } from '../contracts.js';
import { FLOW_SCHEMAS, PRIORITY_LEVELS } from './default-flow-schemas.js';

type Schema = ApiObject & Required<Pick<FlowSchema, 'spec'>>;

/** Seats for requests of a server with Kubernetes' default flags: 400 that read and 200 that write. */
const SEATS = 600;

/**
 * Says by which FlowSchema, and so on which priority level, a request would wait its turn. Nobody waits here: answers carry both, and
 * metrics say how many seats a level would have.
 */
export class FlowClassifier {
  #ordered: readonly Schema[] | undefined;

  constructor(private readonly storage: Storage) {
    storage.subscribe(({ resource }) => {
      if (resource === FLOW_SCHEMAS) this.#ordered = undefined;
    });
  }

  /** Headers for the answer; none where even the schema that catches all has been taken away. */
  headersFor(user: Requester, attributes: Attributes): Record<string, string> {
    const schema = this.#schemas().find(({ spec: { rules = [] } }) => rules.some((rule) =>
      rule.subjects.some((subject) => isMeant(user, subject)) && (attributes.path ? (rule.nonResourceRules ?? []).some((each) => allows(each, attributes)) : (rule.resourceRules ?? []).some((each) => matches(each, attributes)))));
    const level = schema && this.storage.get(PRIORITY_LEVELS, '', schema.spec.priorityLevelConfiguration.name);
    return schema && level ? { 'x-kubernetes-pf-flowschema-uid': schema.metadata.uid!, 'x-kubernetes-pf-prioritylevel-uid': level.metadata.uid! } : {};
  }

  /** Seats of each level, by name. */
  nominalSeats(): Map<string, number> {
    const levels = this.storage.list(PRIORITY_LEVELS).map((level) => {
      const { exempt, limited } = level['spec'] as { exempt?: { nominalConcurrencyShares?: number }; limited?: { nominalConcurrencyShares?: number } };
      return { name: level.metadata.name!, shares: (limited ?? exempt)?.nominalConcurrencyShares ?? 0 };
    });
    const all = levels.reduce((sum, { shares }) => sum + shares, 0);
    return new Map(levels.map(({ name, shares }) => [name, all === 0 ? 0 : Math.ceil((SEATS * shares) / all)]));
  }

  #schemas(): readonly Schema[] {
    // Stored in order of their names, which decides among equals.
    return (this.#ordered ??= (this.storage.list(FLOW_SCHEMAS) as Schema[]).sort((one, other) => (one.spec.matchingPrecedence ?? 0) - (other.spec.matchingPrecedence ?? 0)));
  }
}

function isMeant(requester: Requester, { kind, user, group, serviceAccount }: Subject): boolean {
  switch (kind) {
    case 'User':
      return user?.name === '*' || user?.name === requester.name;
    case 'Group':
      return group?.name === '*' || (requester.groups ?? []).includes(group?.name ?? '');
    default: {
      const account = serviceAccountOf(requester.name);
      return account !== undefined && account.namespace === serviceAccount?.namespace && (serviceAccount.name === '*' || serviceAccount.name === account.name);
    }
  }
}

function matches({ namespaces = [], clusterScope = false, ...rule }: ResourcePolicyRule, attributes: Attributes): boolean {
  const inScope = attributes.namespace ? namespaces.includes('*') || namespaces.includes(attributes.namespace) : clusterScope;
  return inScope && allows(rule, attributes);
}
