/** Ids of nodes that several files of the model speak of. */
export const keyId = 'DatabaseKey';
export const securityGroupId = 'SecurityGroup';
export const clientSecurityGroupId = 'ClientSecurityGroup';
export const proxySecurityGroupId = 'ProxySecurityGroup';
export const instanceId = 'Instance';
export const clusterId = 'Cluster';
export const proxyId = 'Proxy';
export const serverLogGroupId = 'PostgresqlLogGroup';
export const monitoringRoleId = 'MonitoringRole';
