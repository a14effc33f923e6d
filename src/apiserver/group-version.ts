/** An API group and one of its versions; the core group has the empty name. */
export interface GroupVersion {
  group: string;
  version: string;
}

/** The apiVersion of objects: `v1`, `apps/v1`. */
export const apiVersionOf = ({ group, version }: GroupVersion): string => (group ? `${group}/${version}` : version);

/** What an apiVersion names. */
export function groupVersionOf(apiVersion: string): GroupVersion {
  const slash = apiVersion.indexOf('/');
  return { group: apiVersion.slice(0, Math.max(0, slash)), version: apiVersion.slice(slash + 1) };
}
