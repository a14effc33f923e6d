import type { Environment } from '@marcbachmann/cel-js';

/** What may be asked about; the same as in the authorizer of requests. */
export interface CelAttributes {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
}

/** Whether somebody may, and why. */
export type Judge = (attributes: CelAttributes) => { readonly allowed: boolean; readonly reason: string };

const NOTHING: CelAttributes = { verb: '', group: '', version: '*', resource: '', subresource: '', namespace: '', name: '', path: '' };

class PathCheck {
  constructor(readonly judge: Judge, readonly path: string) {}
}
class GroupCheck {
  constructor(readonly judge: Judge, readonly group: string) {}
}
class ResourceCheck {
  constructor(readonly judge: Judge, readonly attributes: CelAttributes) {}
}
class Decision {
  constructor(readonly allowed: boolean, readonly reason: string) {}
}

/** The `authorizer` of expressions: asks for the user of a request, or for a service account. */
export class CelAuthorizer {
  /** What the request itself is about. */
  readonly requestResource: ResourceCheck;

  /** @param serviceAccount the judge for a service account */
  constructor(readonly judge: Judge, requested: Partial<CelAttributes>, readonly serviceAccount: (namespace: string, name: string) => Judge) {
    this.requestResource = new ResourceCheck(judge, { ...NOTHING, ...requested });
  }
}

const AUTHORIZATION = 'kubernetes.authorization';

/** `authorizer.group('').resource('pods').namespace('x').check('get').allowed()` and its like. */
export function registerAuthorizer(environment: Environment): void {
  const narrowed = (part: 'subresource' | 'namespace' | 'name') => ({ judge, attributes }: ResourceCheck, value: string) => new ResourceCheck(judge, { ...attributes, [part]: value });
  // Nothing here grants by selectors.
  const unchanged = (check: ResourceCheck, _selector: string): ResourceCheck => check;
  const decide = (judge: Judge, attributes: CelAttributes): Decision => {
    const { allowed, reason } = judge(attributes);
    return new Decision(allowed, reason);
  };
  environment.registerType(`${AUTHORIZATION}.Decision`, { ctor: Decision, fields: {} });
  environment.registerType(`${AUTHORIZATION}.PathCheck`, { ctor: PathCheck, fields: {} });
  environment.registerType(`${AUTHORIZATION}.ResourceCheck`, { ctor: ResourceCheck, fields: {} });
  environment.registerType(`${AUTHORIZATION}.GroupCheck`, { ctor: GroupCheck, fields: {} });
  environment.registerType(`${AUTHORIZATION}.Authorizer`, { ctor: CelAuthorizer, fields: { requestResource: `${AUTHORIZATION}.ResourceCheck` } });
  environment
    .registerFunction(`${AUTHORIZATION}.Authorizer.path(string): ${AUTHORIZATION}.PathCheck`, ({ judge }: CelAuthorizer, path: string) => {
      if (path.trim() === '') throw new Error('path must not be empty');
      return new PathCheck(judge, path);
    })
    .registerFunction(`${AUTHORIZATION}.Authorizer.group(string): ${AUTHORIZATION}.GroupCheck`, ({ judge }: CelAuthorizer, group: string) => new GroupCheck(judge, group))
    .registerFunction(`${AUTHORIZATION}.Authorizer.serviceAccount(string, string): ${AUTHORIZATION}.Authorizer`, (asking: CelAuthorizer, namespace: string, name: string) => new CelAuthorizer(asking.serviceAccount(namespace, name), asking.requestResource.attributes, asking.serviceAccount))
    .registerFunction(`${AUTHORIZATION}.GroupCheck.resource(string): ${AUTHORIZATION}.ResourceCheck`, ({ judge, group }: GroupCheck, resource: string) => {
      if (resource.trim() === '') throw new Error('resource must not be empty');
      return new ResourceCheck(judge, { ...NOTHING, group, resource });
    })
    .registerFunction(`${AUTHORIZATION}.ResourceCheck.subresource(string): ${AUTHORIZATION}.ResourceCheck`, narrowed('subresource'))
    .registerFunction(`${AUTHORIZATION}.ResourceCheck.namespace(string): ${AUTHORIZATION}.ResourceCheck`, narrowed('namespace'))
    .registerFunction(`${AUTHORIZATION}.ResourceCheck.name(string): ${AUTHORIZATION}.ResourceCheck`, narrowed('name'))
    .registerFunction(`${AUTHORIZATION}.ResourceCheck.fieldSelector(string): ${AUTHORIZATION}.ResourceCheck`, unchanged)
    .registerFunction(`${AUTHORIZATION}.ResourceCheck.labelSelector(string): ${AUTHORIZATION}.ResourceCheck`, unchanged)
    .registerFunction(`${AUTHORIZATION}.PathCheck.check(string): ${AUTHORIZATION}.Decision`, ({ judge, path }: PathCheck, verb: string) => decide(judge, { ...NOTHING, path, verb }))
    .registerFunction(`${AUTHORIZATION}.ResourceCheck.check(string): ${AUTHORIZATION}.Decision`, ({ judge, attributes }: ResourceCheck, verb: string) => decide(judge, { ...attributes, verb }))
    .registerFunction(`${AUTHORIZATION}.Decision.allowed(): bool`, ({ allowed }: Decision) => allowed)
    .registerFunction(`${AUTHORIZATION}.Decision.errored(): bool`, () => false)
    .registerFunction(`${AUTHORIZATION}.Decision.reason(): string`, ({ reason }: Decision) => reason)
    .registerFunction(`${AUTHORIZATION}.Decision.error(): string`, () => '');
}
