/** Ids of nodes that several files of the model speak of. */
export const clusterId = 'Cluster';
export const jobRoleId = 'JobRole';
export const serviceRoleId = 'ServiceRole';
export const scalingRoleId = 'ScalingRole';
export const primaryGroupId = 'PrimarySecurityGroup';
export const workersGroupId = 'WorkersSecurityGroup';
export const serviceGroupId = 'ServiceSecurityGroup';
export const scriptId = (i: number) => `Bootstrap${i + 1}`;
