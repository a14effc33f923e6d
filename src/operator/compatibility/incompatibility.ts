/** What the gate looks for; the names are what `--allow RULE:PATH` takes. */
export const COMPATIBILITY_RULES = {
  'crd-removed': 'every object of the kind goes with its CRD, and every client of it',
  'kind-renamed': 'manifests and clients name the kind',
  'name-removed': 'scripts that use the name with kubectl',
  'scope-changed': 'all objects and clients: API servers refuse to change it',
  'version-removed': 'manifests and clients of the version, and API servers refuse to lose a version that objects are stored as',
  'version-unserved': 'manifests and clients of the version',
  'storage-changed': 'stored objects: nothing converts them from the version that they are stored as',
  'conversion-removed': 'objects of other versions than the stored one: only their apiVersion is changed',
  'subresource-removed': 'clients that write through it, and "kubectl scale" and autoscalers with it',
  'subresource-added': 'clients that write status with the object: it is ignored there from now on',
  'selectable-field-removed': 'clients that select by the field',
  'field-removed': 'manifests that set the field (it is refused or dropped) and clients that read it',
  'unknown-fields-pruned': 'objects with fields that the schema does not name: they are dropped',
  'type-changed': 'manifests with values of the former type, and typed clients that read them',
  'format-narrowed': 'objects and manifests with values that were accepted',
  'enum-narrowed': 'objects and manifests with a value that was accepted',
  'pattern-changed': 'objects and manifests with values that the new pattern does not match',
  'bound-narrowed': 'objects and manifests with values beyond the new bound',
  'required-added': 'objects and manifests without the field: they are refused',
  'default-changed': 'objects and manifests that leave the field out: they mean something else now',
  'nullable-removed': 'objects and manifests with null there',
  'list-type-changed': 'server-side appliers, whose ownership changes, and lists that break the rules of the new type',
  'schema-narrowed': 'objects and manifests that were accepted',
  'rule-tightened': 'objects and manifests that the rule refuses',
  'permission-added': 'administrators who granted less, and may not be able to grant more than they have',
  'condition-removed': 'dashboards, alerts, "kubectl wait" and controllers that wait for the condition',
  'reason-removed': 'alerts and scripts that tell cases apart by the reason',
  'metric-removed': 'dashboards and alerts that read the metric',
  'metric-changed': 'dashboards and alerts that read the metric in its former type or by the label',
} as const;

/** The name of a rule of the gate. */
export type CompatibilityRule = keyof typeof COMPATIBILITY_RULES;

/** One change that breaks somebody who was well with the version before. */
export interface Incompatibility {
  readonly rule: CompatibilityRule;
  /** `widgets.example.com/v1/spec.size`, `ClusterRole/operator/apps/deployments/delete`, `metrics/name`, `conditions/widgets.example.com/Ready`. */
  readonly path: string;
  /** What was there; undefined for nothing. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  /** Whom it breaks, and how. */
  readonly breaks: string;
  /** What would be accepted instead. */
  readonly accepted: string;
}

/** Collects incompatibilities under a path. */
export class Findings {
  constructor(readonly list: Incompatibility[] = [], private readonly prefix = '') {}

  /** The same list, deeper in. */
  at(path: string): Findings {
    return new Findings(this.list, this.prefix + path);
  }

  report(rule: CompatibilityRule, path: string, { before, after, accepted }: { before?: unknown; after?: unknown; accepted: string }): void {
    this.list.push({ rule, path: this.prefix + path, before: text(before), after: text(after), breaks: COMPATIBILITY_RULES[rule], accepted });
  }
}

const text = (value: unknown): string | undefined => (value === undefined || typeof value === 'string' ? value : JSON.stringify(value));
