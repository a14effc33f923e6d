import type { PodSpec, Volume } from 'kubernetes-types/core/v1.js';
import { isProfile, procMountViolation, seccompViolation } from './baseline-checks.js';
import { containersOf, hasOwnUsers, isWindows, named, plural, quoted, setters, sorted, type AnyContainer, type PodCheck } from './pod-check.js';

const VOLUMES = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim', 'projected', 'secret'];
const sourceOf = (volume: Volume): string => Object.keys(volume).find((field) => field !== 'name') ?? 'unknown';
/** From 1.25 on pods that say that they are for Windows are spared what only Linux has. */
const isSpared = (spec: PodSpec, minor: number): boolean => minor >= 25 && isWindows(spec);

/** What hardened pods keep to, on top of the baseline. */
export const RESTRICTED_CHECKS: readonly PodCheck[] = [
  {
    id: 'allowPrivilegeEscalation',
    since: 8,
    check({ spec }, minor) {
      const bad = containersOf(spec).filter(({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
      return isSpared(spec, minor) || bad.length === 0 ? undefined : { reason: 'allowPrivilegeEscalation != false', detail: `${named(bad)} must set securityContext.allowPrivilegeEscalation=false` };
    },
  },
  {
    id: 'capabilities_restricted',
    since: 22,
    replaces: ['capabilities_baseline'],
    check({ spec }, minor) {
      if (isSpared(spec, minor)) return undefined;
      const added = ({ securityContext }: AnyContainer): string[] => (securityContext?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE');
      const keeping = containersOf(spec).filter(({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'));
      const adding = containersOf(spec).filter((container) => added(container).length > 0);
      const details = [
        ...(keeping.length > 0 ? [`${named(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
        ...(adding.length > 0 ? [`${named(adding)} must not include ${quoted(sorted(adding.flatMap(added)))} in securityContext.capabilities.add`] : []),
      ];
      return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') };
    },
  },
  { id: 'procMount_restricted', since: 35, replaces: ['procMount'], check: procMountViolation },
  {
    id: 'restrictedVolumes',
    replaces: ['hostPathVolumes'],
    check({ spec }) {
      const bad = (spec.volumes ?? []).filter((volume) => !VOLUMES.includes(sourceOf(volume)));
      const types = sorted(bad.map(sourceOf));
      return bad.length === 0 ? undefined : { reason: 'restricted volume types', detail: `${plural(bad.length, 'volume')} ${quoted(bad.map(({ name }) => name))} ${plural(bad.length, 'uses', 'use')} ${plural(types.length, 'restricted volume type')} ${quoted(types)}` };
    },
  },
  {
    id: 'runAsNonRoot',
    check({ spec }, minor) {
      if (minor >= 35 && hasOwnUsers(spec)) return undefined;
      const reason = 'runAsNonRoot != true';
      const ofPod = spec.securityContext?.runAsNonRoot;
      const explicit = containersOf(spec).filter(({ securityContext }) => securityContext?.runAsNonRoot === false);
      if (ofPod === false || explicit.length > 0) return { reason, detail: `${setters(ofPod === false, explicit)} must not set securityContext.runAsNonRoot=false` };
      const silent = ofPod ? [] : containersOf(spec).filter(({ securityContext }) => securityContext?.runAsNonRoot === undefined);
      return silent.length === 0 ? undefined : { reason, detail: `pod or ${named(silent)} must set securityContext.runAsNonRoot=true` };
    },
  },
  {
    id: 'runAsUser',
    since: 23,
    check({ spec }, minor) {
      if (minor >= 35 && hasOwnUsers(spec)) return undefined;
      const pod = spec.securityContext?.runAsUser === 0;
      const containers = containersOf(spec).filter(({ securityContext }) => securityContext?.runAsUser === 0);
      return pod || containers.length > 0 ? { reason: 'runAsUser=0', detail: `${setters(pod, containers)} must not set runAsUser=0` } : undefined;
    },
  },
  {
    id: 'seccompProfile_restricted',
    since: 19,
    replaces: ['seccompProfile_baseline'],
    check(subject, minor) {
      const { spec } = subject;
      if (isSpared(spec, minor)) return undefined;
      const explicit = seccompViolation(subject);
      if (explicit) return explicit;
      const silent = isProfile(spec.securityContext?.seccompProfile?.type) ? [] : containersOf(spec).filter(({ securityContext }) => !securityContext?.seccompProfile);
      return silent.length === 0 ? undefined : { reason: 'seccompProfile', detail: `pod or ${named(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"` };
    },
  },
];
