import { EC2_QUERY, queryService } from '../protocol/query-service.js';
import { DescribeImages } from './describe-images.js';
import { DescribeInstanceTypeOfferings, DescribeInstanceTypes } from './describe-instance-types.js';
import { DescribeAvailabilityZones, DescribeSecurityGroups, DescribeSubnets, DescribeVpcs } from './describe-network.js';
import { DescribeSpotPriceHistory } from './describe-spot-price-history.js';

export const ec2 = queryService('ec2', EC2_QUERY, {
  DescribeAvailabilityZones, DescribeImages, DescribeInstanceTypeOfferings, DescribeInstanceTypes, DescribeSecurityGroups, DescribeSpotPriceHistory, DescribeSubnets, DescribeVpcs,
});
