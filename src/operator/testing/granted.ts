import type { Plan } from '../dsl/plan.js';
import type { KubeRequest } from '../kube/transport.js';
import type { Permission } from '../manifests/rbac.js';
import { permissionsOf } from '../manifests/rbac.js';

/** A request in the words of a role. */
interface Access { readonly group: string; readonly resource: string; readonly verb: string; readonly namespace?: string; readonly name?: string }

const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete', GET: 'get' };

/** `/apis/GROUP/VERSION` or `/api/VERSION`, and then an object of a namespace or of the cluster, or all of a kind. */
const PATH = /^\/(?:api|apis\/(?<group>[^/]+))\/[^/]+\/(?:namespaces\/(?<namespace>[^/]+)\/)?(?<plural>[^/]+)(?:\/(?<name>[^/]+)(?:\/(?<subresource>[^/]+))?)?$/;

function accessOf({ method, path }: KubeRequest): Access | undefined {
  const url = new URL(path, 'http://in-process.invalid');
  const { group = '', namespace, plural, name, subresource } = PATH.exec(url.pathname)?.groups ?? {};
  if (plural === undefined) return undefined;
  const verb = method !== 'GET' || name !== undefined ? VERBS[method] as string : url.searchParams.has('watch') ? 'watch' : 'list';
  return { group, resource: subresource === undefined ? plural : `${plural}/${subresource}`, verb, ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) };
}

/** Elections and webhooks are the framework's, and have rules of their own. */
const isOfFramework = ({ group, verb }: Access): boolean => group === 'coordination.k8s.io' && verb !== 'delete';

const allows = (permission: Permission, { group, resource, verb, namespace, name }: Access): boolean =>
  [permission.group, '*'].includes(group) && (permission.resource === resource || permission.resource === '*') && (permission.verb === verb || permission.verb === '*')
  && (permission.namespace === undefined || permission.namespace === namespace)
  && (!permission.resourceNames?.length || (name !== undefined && permission.resourceNames.includes(name)));

/** What the role that is generated from a plan does not allow. */
export class Granted {
  readonly #permissions: readonly Permission[];

  constructor(plan: Plan) {
    this.#permissions = permissionsOf(plan);
  }

  /** What is missing for a request that was answered so, in words; undefined if nothing is. */
  missing(request: KubeRequest, status: number): string | undefined {
    const access = accessOf(request);
    if (!access || isOfFramework(access)) return undefined;
    // An apply of what is not there is a creation, too, of which no rule can know the name.
    const accesses = access.verb === 'patch' && status === 201 ? [access, { ...access, verb: 'create' }] : [access];
    const refused = accesses.find((each) => !this.#permissions.some((permission) => allows(permission, each)));
    if (!refused) return undefined;
    const { group, resource, verb, namespace, name } = refused;
    const what = `${verb} ${resource}${name === undefined ? '' : ` "${name}"`}${namespace === undefined ? '' : ` in "${namespace}"`}`;
    return `the operator may not ${what} under its generated role: add @RBAC({ groups: ['${group}'], resources: ['${resource}'], verbs: ['${verb}'], why: '…' }) to the class that does`;
  }
}
