import type { Statement } from './nodes';

/** Lets Lambda put a function's network interfaces into the subnets. */
export const joinNetwork: Statement = {
  sid: 'JoinNetwork',
  because: 'Network interfaces are made before they have a name; Lambda demands these actions on all.',
  effect: 'Allow',
  actions: [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
  ],
  resources: ['*'],
};
