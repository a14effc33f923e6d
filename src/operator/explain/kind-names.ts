import type { KindPlan } from '../dsl/plan.js';

/** Short names of kinds that others define, as kubectl knows them. */
const SHORT_NAMES: Readonly<Record<string, readonly string[]>> = {
  'configmaps': ['cm'], 'daemonsets.apps': ['ds'], 'deployments.apps': ['deploy'], 'endpoints': ['ep'], 'events': ['ev'], 'cronjobs.batch': ['cj'], 'namespaces': ['ns'], 'nodes': ['no'],
  'persistentvolumeclaims': ['pvc'], 'persistentvolumes': ['pv'], 'poddisruptionbudgets.policy': ['pdb'], 'pods': ['po'], 'priorityclasses.scheduling.k8s.io': ['pc'],
  'replicasets.apps': ['rs'], 'serviceaccounts': ['sa'], 'services': ['svc'], 'statefulsets.apps': ['sts'], 'storageclasses.storage.k8s.io': ['sc'],
};

/** A kind was asked for that this operator has nothing to do with. */
export class UnknownKindName extends Error {
  override readonly name = 'UnknownKindName';
  readonly reason = 'KindUnknown';
}

const resourceOf = ({ group, plural }: KindPlan): string => (group ? `${plural}.${group}` : plural);

/** Every name of a kind without its group: plural, singular, kind, short names; in lower case. */
function namesOf(kind: KindPlan): string[] {
  const { definition, plural } = kind;
  return [plural, definition?.singular ?? kind.kind.toLowerCase(), kind.kind.toLowerCase(), ...(definition?.shortNames ?? SHORT_NAMES[resourceOf(kind)] ?? [])];
}

/** The kinds of a list that a name may mean: any of its names, alone or with `.group`, or with `.version.group`, in any case. */
const matching = (kinds: readonly KindPlan[], text: string): KindPlan[] => {
  const asked = text.toLowerCase();
  return kinds.filter((kind) => namesOf(kind).some((name) => asked === name || asked === `${name}.${kind.group}` || asked === `${name}.${kind.version}.${kind.group}`));
};

/**
 * The kind that a name means, as kubectl takes names: `nodeclaims`, `nodeclaim`, `NodeClaim`, a short name, each also as
 * `nodeclaims.karpenter.sh` or `nodeclaims.v1.karpenter.sh`. Throws {@link UnknownKindName} with the names that would be known.
 */
export function kindNamed(kinds: readonly KindPlan[], text: string): KindPlan {
  const [found] = matching(kinds, text);
  if (found) return found;
  const known = kinds.map((kind) => {
    const [plural = '', , , ...short] = namesOf(kind);
    return short.length > 0 ? `${plural} (${short.join(', ')})` : plural;
  });
  throw new UnknownKindName(`"${text}" is no kind that this operator has to do with; it knows ${known.sort((a, b) => (a < b ? -1 : 1)).join(', ')}`);
}
