import { EC2_QUERY, queryService } from '../protocol/query-service.js';
import { CreateFleet } from './create-fleet.js';
import { DescribeImages } from './describe-images.js';
import { DescribeInstances } from './describe-instances.js';
import { DescribeInstanceTypeOfferings, DescribeInstanceTypes } from './describe-instance-types.js';
import { DescribeAvailabilityZones, DescribeSecurityGroups, DescribeSubnets, DescribeVpcs } from './describe-network.js';
import { DescribeCapacityReservations, DescribePlacementGroups } from './describe-reservations.js';
import { DescribeSpotPriceHistory } from './describe-spot-price-history.js';
import { DescribeInstanceStatus, StartInstances, StopInstances, TerminateInstances } from './instance-actions.js';
import {
  CreateLaunchTemplate, CreateLaunchTemplateVersion, DeleteLaunchTemplate, DescribeLaunchTemplates, DescribeLaunchTemplateVersions,
} from './launch-templates.js';
import { RunInstances } from './run-instances.js';
import { CreateTags, DeleteTags, DescribeTags } from './tags.js';
import { AttachVolume, CreateVolume, DeleteVolume, DescribeVolumes, DetachVolume } from './volumes.js';

export const ec2 = queryService('ec2', EC2_QUERY, {
  AttachVolume, CreateFleet, CreateLaunchTemplate, CreateLaunchTemplateVersion, CreateTags, CreateVolume, DeleteLaunchTemplate, DeleteTags,
  DeleteVolume, DescribeAvailabilityZones, DescribeCapacityReservations, DescribeImages, DescribeInstances, DescribeInstanceStatus,
  DescribeInstanceTypeOfferings, DescribeInstanceTypes, DescribeLaunchTemplates, DescribeLaunchTemplateVersions, DescribePlacementGroups,
  DescribeSecurityGroups, DescribeSpotPriceHistory, DescribeSubnets, DescribeTags, DescribeVolumes, DescribeVpcs, DetachVolume,
  RunInstances, StartInstances, StopInstances, TerminateInstances,
});
