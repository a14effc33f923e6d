import { compareSchemas } from './compare-schemas.js';
import type { Findings } from './incompatibility.js';
import type { CRDSurface, VersionSurface } from './surface.js';

export function compareCRDs(before: readonly CRDSurface[], after: readonly CRDSurface[], findings: Findings): void {
  for (const crd of before) {
    const { name } = crd.metadata;
    const now = after.find(({ metadata }) => metadata.name === name);
    if (now) compareCRD(crd, now, findings.at(name));
    else findings.report('crd-removed', name, { before: crd.spec.names.kind, accepted: 'keep the CRD, its versions marked deprecated, until nobody has objects of it; a plural or group with another name is another CRD' });
  }
}

function compareCRD({ spec: before }: CRDSurface, { spec: after }: CRDSurface, findings: Findings): void {
  if (before.scope !== after.scope) findings.report('scope-changed', '/scope', { before: before.scope, after: after.scope, accepted: `scope ${before.scope}; another scope needs another kind` });
  if (before.names.kind !== after.names.kind) findings.report('kind-renamed', '/names.kind', { before: before.names.kind, after: after.names.kind, accepted: `kind ${before.names.kind}` });
  compareNames(before.names, after.names, findings);
  if (before.preserveUnknownFields === true && after.preserveUnknownFields !== true) findings.report('unknown-fields-pruned', '/preserveUnknownFields', { before: true, accepted: 'x-kubernetes-preserve-unknown-fields where unknown fields may be' });
  const [served, servedAfter] = [before, after].map(({ versions }) => versions.filter((version) => version.served)) as [VersionSurface[], VersionSurface[]];
  const strategies = [before, after].map(({ conversion }) => conversion?.strategy ?? 'None') as [string, string];
  if (strategies[0] === 'Webhook' && strategies[1] === 'None' && servedAfter.length > 1) {
    findings.report('conversion-removed', '/conversion', { before: 'Webhook', after: 'None', accepted: 'conversion by the webhook as long as several versions are served' });
  }
  const stored = before.versions.find(({ storage }) => storage);
  const storedAfter = after.versions.find(({ storage }) => storage);
  const formerStored = after.versions.find(({ name }) => name === stored?.name);
  if (stored && storedAfter && formerStored && storedAfter !== formerStored && strategies[1] === 'None' && JSON.stringify(formerStored.schema) !== JSON.stringify(storedAfter.schema)) {
    findings.report('storage-changed', '/versions', { before: stored.name, after: storedAfter.name, accepted: 'a conversion by webhook, or versions with the same schema' });
  }
  for (const version of before.versions) {
    const now = after.versions.find(({ name }) => name === version.name);
    if (now) compareVersion(version, now, findings.at(`/${version.name}`));
    else if (version.storage) {
      findings.report('version-removed', `/${version.name}`, { before: 'served and stored', accepted: `the version served: false, until objects are stored in another one and ${version.name} is gone from status.storedVersions` });
    } else if (version.served && !version.deprecated) {
      findings.report('version-removed', `/${version.name}`, { before: 'served', accepted: 'deprecated: true in one release, so that clients are warned; gone in a later one' });
    }
  }
  if (served.length > 0 && servedAfter.length === 0) findings.report('version-unserved', '/versions', { before: served.map(({ name }) => name).join(', '), accepted: 'at least one served version' });
}

function compareNames(before: CRDSurface['spec']['names'], after: CRDSurface['spec']['names'], findings: Findings): void {
  const singular = (names: CRDSurface['spec']['names']): string => names.singular ?? names.kind.toLowerCase();
  const known = new Set([after.plural, singular(after), ...(after.shortNames ?? [])]);
  for (const [path, names] of [['/names.singular', [singular(before)]], ['/names.shortNames', before.shortNames ?? []]] as const) {
    for (const name of names) if (!known.has(name)) findings.report('name-removed', `${path}/${name}`, { before: name, accepted: `"${name}" among the short names` });
  }
  for (const name of before.categories ?? []) {
    if (!after.categories?.includes(name)) findings.report('name-removed', `/names.categories/${name}`, { before: name, accepted: `"${name}" among the categories` });
  }
}

function compareVersion(before: VersionSurface, after: VersionSurface, findings: Findings): void {
  if (before.served && !after.served) {
    if (!before.deprecated) findings.report('version-unserved', '', { before: 'served', after: 'not served', accepted: 'deprecated: true in one release, so that clients are warned; served: false in a later one' });
    return;
  }
  if (!before.served) return;
  const [subresources, subresourcesAfter] = [before.subresources ?? {}, after.subresources ?? {}];
  for (const name of ['status', 'scale'] as const) {
    if (subresources[name] && !subresourcesAfter[name]) findings.report('subresource-removed', `/subresources.${name}`, { before: subresources[name], accepted: `the subresource ${name} as it was` });
  }
  if (!subresources.status && subresourcesAfter.status) findings.report('subresource-added', '/subresources.status', { after: {}, accepted: 'the subresource with a new version of the API' });
  const { scale } = subresources;
  for (const [path, value] of Object.entries(scale ?? {})) {
    const now = subresourcesAfter.scale?.[path as keyof typeof scale];
    if (subresourcesAfter.scale && now !== value) findings.report('subresource-removed', `/subresources.scale.${path}`, { before: value, after: now, accepted: `the path ${value}` });
  }
  for (const { jsonPath } of before.selectableFields ?? []) {
    if (!after.selectableFields?.some((field) => field.jsonPath === jsonPath)) findings.report('selectable-field-removed', `/selectableFields${jsonPath}`, { before: jsonPath, accepted: 'the field among the selectable ones' });
  }
  compareSchemas(before.schema?.openAPIV3Schema ?? {}, after.schema?.openAPIV3Schema ?? {}, findings.at('/'));
}
