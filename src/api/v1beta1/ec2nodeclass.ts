import { Version } from '../../operator/dsl/kind-decorators.js';
import { Resource } from '../../operator/dsl/resource.js';
import { amiFamilyOf } from '../ami-family.js';
import { EC2NodeClass } from '../ec2nodeclass.js';
import type { AMIFamily, AMISelectorTerm, EC2NodeClassSpec, EC2NodeClassStatus } from '../ec2nodeclass.js';
import { ec2NodeClassStatus } from '../schema/ec2nodeclass.js';
import { ec2NodeClassV1Beta1Spec } from '../schema/v1beta1.js';
import { carried, carrying, defined } from './carry.js';

type V1OnlyField = 'kubelet' | 'capacityReservationSelectorTerms' | 'placementGroupSelector' | 'networkInterfaces' | 'connectionTracking' | 'cpuOptions' | 'ipPrefixCount';

export interface V1Beta1EC2NodeClassSpec extends Omit<EC2NodeClassSpec, V1OnlyField | 'amiFamily' | 'amiSelectorTerms'> {
  amiFamily: AMIFamily | 'Ubuntu';
  amiSelectorTerms?: AMISelectorTerm[];
}

/** EC2NodeClass as Karpenter 0.3x had it; the guide is written in it. */
@Version({
  of: () => EC2NodeClass,
  version: 'v1beta1',
  deprecated: true,
  deprecationWarning: 'karpenter.k8s.aws/v1beta1 EC2NodeClass is deprecated; use karpenter.k8s.aws/v1 EC2NodeClass',
  spec: () => ec2NodeClassV1Beta1Spec,
  status: () => ec2NodeClassStatus,
})
export class EC2NodeClassV1Beta1 extends Resource<V1Beta1EC2NodeClassSpec, EC2NodeClassStatus> {}

const V1_FIELDS = 'compatibility.karpenter.k8s.aws/v1-fields';
const V1BETA1_FIELDS = 'compatibility.karpenter.k8s.aws/v1beta1-fields';
/** The alias version that a v1beta1 view of the object cannot show. */
const ALIAS_VERSION = 'compatibility.karpenter.k8s.aws/v1-alias-version';
const UBUNTU = 'compatibility.karpenter.k8s.aws/v1beta1-ubuntu';
const UBUNTU_DISK = [{ deviceName: '/dev/sda1', rootVolume: true, ebs: { encrypted: true, volumeSize: '20Gi', volumeType: 'gp3' as const } }];
/** Matches nothing: v1 has no Ubuntu images of its own, so such a class is not Ready until it names some. */
const UBUNTU_IMAGES: AMISelectorTerm[] = [{ id: 'ami-placeholder' }];

/** What only v1 can say. */
interface V1Only extends Pick<EC2NodeClassSpec, V1OnlyField> {
  /** Beside an alias, or instead of terms. */
  amiFamily: AMIFamily;
  /** The family alone says which images: v1 has no terms. */
  withoutTerms: boolean;
}

const V1_ONLY: readonly V1OnlyField[] = [
  'kubelet', 'capacityReservationSelectorTerms', 'placementGroupSelector', 'networkInterfaces', 'connectionTracking', 'cpuOptions', 'ipPrefixCount',
];
const WITH_ALIAS = new Set<string>(['AL2', 'AL2023', 'Bottlerocket', 'Windows2019', 'Windows2022', 'Windows2025']);

/** v1beta1 → v1: a family without image terms becomes the family's alias (karpenter-aws §1.10). */
export function nodeClassToV1(old: EC2NodeClassV1Beta1): EC2NodeClass {
  const { amiFamily, amiSelectorTerms, ...spec } = old.spec;
  const metadata = carrying(old.metadata, V1_FIELDS, {});
  const version = metadata.annotations[ALIAS_VERSION] ?? 'latest';
  delete metadata.annotations[ALIAS_VERSION];
  const { amiFamily: v1Family, withoutTerms, ...extra } = carried<V1Only>(old.metadata, V1_FIELDS);
  // A carried family that does not go with the one that v1beta1 has now was true of an older edition.
  const family = v1Family === 'Custom' || v1Family === amiFamily ? v1Family : undefined;
  const hasTerms = amiSelectorTerms !== undefined && amiSelectorTerms.length > 0;
  let images: Partial<Pick<EC2NodeClassSpec, 'amiFamily' | 'amiSelectorTerms' | 'blockDeviceMappings'>>;
  if (amiFamily === 'Ubuntu') {
    const replaced = ['amiFamily', ...(spec.blockDeviceMappings ? [] : ['blockDeviceMappings']), ...(hasTerms ? [] : ['incompatible'])];
    metadata.annotations[UBUNTU] = replaced.join(',');
    images = { amiFamily: 'AL2', blockDeviceMappings: spec.blockDeviceMappings ?? UBUNTU_DISK, amiSelectorTerms: hasTerms ? amiSelectorTerms : UBUNTU_IMAGES };
  } else if (!hasTerms && withoutTerms && family) {
    images = { amiFamily: family };
  } else if (!hasTerms && WITH_ALIAS.has(amiFamily)) {
    images = { ...(family && { amiFamily: family }), amiSelectorTerms: [{ alias: `${amiFamily.toLowerCase()}@${version}` }] };
    if (amiSelectorTerms) metadata.annotations[V1BETA1_FIELDS] = JSON.stringify({ amiSelectorTerms });
  } else images = { amiFamily, amiSelectorTerms: amiSelectorTerms ?? [] };
  return {
    apiVersion: 'karpenter.k8s.aws/v1',
    kind: old.kind,
    status: old.status,
    metadata,
    spec: defined<Partial<EC2NodeClassSpec>>({ ...spec, ...images, ...extra, blockDeviceMappings: withKeyID(images.blockDeviceMappings ?? spec.blockDeviceMappings) }) as EC2NodeClassSpec,
  };
}

/** v1 → v1beta1. */
export function nodeClassFromV1(nodeClass: EC2NodeClass): EC2NodeClassV1Beta1 {
  const { amiFamily, ...spec } = nodeClass.spec;
  const amiSelectorTerms = spec.amiSelectorTerms as AMISelectorTerm[] | undefined;
  const ubuntu = nodeClass.metadata.annotations?.[UBUNTU]?.split(',') ?? [];
  const alias = amiSelectorTerms?.find((term) => term.alias)?.alias;
  const family = ubuntu.includes('amiFamily') ? 'Ubuntu' : amiFamilyOf(alias === undefined ? nodeClass.spec : { amiSelectorTerms: [{ alias }] });
  const back = carried<Pick<V1Beta1EC2NodeClassSpec, 'amiSelectorTerms'>>(nodeClass.metadata, V1BETA1_FIELDS);
  const extra: Record<string, unknown> = Object.fromEntries(V1_ONLY.map((field) => [field, spec[field]]));
  if ((alias || !amiSelectorTerms) && amiFamily) extra['amiFamily'] = amiFamily;
  if (!amiSelectorTerms) extra['withoutTerms'] = true;
  const metadata = carrying(carrying(nodeClass.metadata, V1BETA1_FIELDS, {}), V1_FIELDS, extra);
  delete metadata.annotations[UBUNTU];
  const version = alias?.split('@')[1];
  if (version && version !== 'latest') metadata.annotations[ALIAS_VERSION] = version;
  const common = Object.fromEntries(Object.entries(spec).filter(([field]) => field !== 'amiSelectorTerms' && !V1_ONLY.includes(field as V1OnlyField)));
  if (ubuntu.includes('blockDeviceMappings')) delete common['blockDeviceMappings'];
  return {
    apiVersion: 'karpenter.k8s.aws/v1beta1',
    kind: nodeClass.kind,
    status: nodeClass.status,
    metadata,
    spec: defined<V1Beta1EC2NodeClassSpec>({
      ...(common as Omit<V1Beta1EC2NodeClassSpec, 'amiFamily' | 'amiSelectorTerms'>),
      amiFamily: family,
      amiSelectorTerms: alias || ubuntu.includes('incompatible') ? back.amiSelectorTerms : amiSelectorTerms,
    }),
  };
}

/** The guide writes `kmsKeyId`; the API's name is `kmsKeyID` (DESIGN §9). */
export const withKeyID = (mappings: EC2NodeClassSpec['blockDeviceMappings']): EC2NodeClassSpec['blockDeviceMappings'] =>
  mappings?.map((mapping) => {
    if (mapping.ebs?.kmsKeyId === undefined) return mapping;
    const { kmsKeyId, ...ebs } = mapping.ebs;
    return { ...mapping, ebs: { ...ebs, kmsKeyID: ebs.kmsKeyID ?? kmsKeyId } };
  });
