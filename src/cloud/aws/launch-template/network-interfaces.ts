import type { LaunchTemplateInstanceNetworkInterfaceSpecificationRequest as InterfaceRequest } from '@aws-sdk/client-ec2';
import type { EC2NodeClassSpec } from '../../../api/ec2nodeclass.js';

export interface InterfaceInput {
  spec: Pick<EC2NodeClassSpec, 'networkInterfaces' | 'associatePublicIPAddress' | 'ipPrefixCount' | 'connectionTracking'>;
  securityGroups: readonly string[];
  /** All EFA interfaces of the type when the pods asked for one; else 0. */
  efaCount: number;
  ipv6: boolean;
}

/** The interfaces of a launch template; always at least one (karpenter-aws §2.8.3). */
export function networkInterfaces({ spec, securityGroups, efaCount, ipv6 }: InterfaceInput): InterfaceRequest[] {
  const Groups = [...securityGroups];
  const addressed: InterfaceRequest = {
    Groups,
    ...(spec.associatePublicIPAddress === undefined ? {} : { AssociatePublicIpAddress: spec.associatePublicIPAddress }),
    ...(spec.ipPrefixCount ? (ipv6 ? { Ipv6PrefixCount: spec.ipPrefixCount } : { Ipv4PrefixCount: spec.ipPrefixCount }) : {}),
    ...(spec.connectionTracking ? { ConnectionTrackingSpecification: connectionTracking(spec.connectionTracking) } : {}),
  };
  const ipv6Address: InterfaceRequest = ipv6 ? { PrimaryIpv6: true, Ipv6AddressCount: 1 } : {};
  if (spec.networkInterfaces?.length) {
    return spec.networkInterfaces.map(({ networkCardIndex, deviceIndex, interfaceType }) => ({
      NetworkCardIndex: networkCardIndex,
      DeviceIndex: deviceIndex,
      InterfaceType: interfaceType,
      ...(interfaceType === 'interface' ? { ...addressed, ...ipv6Address } : { Groups }),
    }));
  }
  if (efaCount > 0) {
    return Array.from({ length: efaCount }, (_, card) => ({ NetworkCardIndex: card, DeviceIndex: card === 0 ? 0 : 1, InterfaceType: 'efa', ...addressed, ...(card === 0 ? ipv6Address : {}) }));
  }
  return [{ DeviceIndex: 0, ...addressed, ...ipv6Address }];
}

function connectionTracking(timeouts: NonNullable<EC2NodeClassSpec['connectionTracking']>): NonNullable<InterfaceRequest['ConnectionTrackingSpecification']> {
  const { tcpEstablishedTimeout, udpStreamTimeout, udpTimeout } = timeouts;
  return {
    ...(tcpEstablishedTimeout === undefined ? {} : { TcpEstablishedTimeout: tcpEstablishedTimeout }),
    ...(udpStreamTimeout === undefined ? {} : { UdpStreamTimeout: udpStreamTimeout }),
    ...(udpTimeout === undefined ? {} : { UdpTimeout: udpTimeout }),
  };
}
