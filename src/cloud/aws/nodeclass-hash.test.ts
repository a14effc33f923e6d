import { expect } from 'chai';
import type { EC2NodeClassSpec } from '../../api/ec2nodeclass.js';
import { nodeClassHash } from './nodeclass-hash.js';

const base: EC2NodeClassSpec = {
  subnetSelectorTerms: [],
  securityGroupSelectorTerms: [],
  amiSelectorTerms: [],
  role: 'role-1',
  tags: { 'keyTag-1': 'valueTag-1', 'keyTag-2': 'valueTag-2' },
  context: 'fake-context',
  detailedMonitoring: false,
  associatePublicIPAddress: false,
  metadataOptions: { httpEndpoint: 'disabled', httpProtocolIPv6: 'disabled', httpPutResponseHopLimit: 1, httpTokens: 'optional' },
  blockDeviceMappings: [
    {
      deviceName: 'map-device-1',
      rootVolume: false,
      ebs: { deleteOnTermination: false, encrypted: false, iops: 0, kmsKeyID: 'fakeKMSKeyID', snapshotID: 'fakeSnapshot', throughput: 0, volumeSize: '2G', volumeType: 'standard' },
    },
    { deviceName: 'map-device-2' },
  ],
  userData: 'userdata-test-1',
};

/** Upstream's hash test passes this certificate authority, and no alias: its family is Custom. */
const hash = (changes: Partial<EC2NodeClassSpec> = {}, caBundle = 'test-ca-bundle'): string => nodeClassHash({ spec: { ...base, ...changes } }, caBundle);

describe('nodeClassHash', () => {
  it("equals upstream's values for its test objects", () => {
    expect(hash()).to.equal('11148166120438674859');
    expect(hash({ userData: 'userdata-test-2' })).to.equal('11774429238106843388');
    expect(hash({ instanceStorePolicy: 'RAID0' })).to.equal('16697988646989909967');
  });

  it('does not change with selector terms, prefixes, or the order of tags and devices', () => {
    expect(hash({ subnetSelectorTerms: [{ id: 'subnet-1' }], securityGroupSelectorTerms: [{ id: 'sg-1' }], capacityReservationSelectorTerms: [{ id: 'cr-1' }] })).to.equal(hash());
    expect(hash({ amiSelectorTerms: [{ id: 'ami-1' }], ipPrefixCount: 3 })).to.equal(hash());
    expect(hash({ tags: { 'keyTag-2': 'valueTag-2', 'keyTag-1': 'valueTag-1' } })).to.equal(hash());
    expect(hash({ blockDeviceMappings: base.blockDeviceMappings?.toReversed() ?? [] })).to.equal(hash());
  });

  it('hashes the resolved family: naming the family of the alias changes nothing, another family does', () => {
    const aliased = { amiSelectorTerms: [{ alias: 'al2023@latest' }] };
    expect(hash({ ...aliased, amiFamily: 'AL2023' })).to.equal(hash(aliased));
    expect(hash({ ...aliased, amiFamily: 'Custom' })).to.not.equal(hash(aliased));
  });

  it('changes with the certificate authority and with each kubelet field', () => {
    expect(hash({}, 'rotated')).to.not.equal(hash());
    expect(hash({ kubelet: { maxPods: 10 } })).to.not.equal(hash());
    expect(hash({ kubelet: {} })).to.equal(hash());
    expect(hash({ kubelet: { maxPods: 10, podsPerCore: 2 } })).to.equal(hash({ kubelet: { podsPerCore: 2, maxPods: 10 } }));
  });

  it('tells an unset pointer from one that is set to the zero value', () => {
    const { detailedMonitoring: _, ...unset } = base;
    expect(nodeClassHash({ spec: unset }, 'test-ca-bundle')).to.not.equal(hash());
  });
});
