/** Ids of nodes that several files of the model speak of. Those that a stream has too are called as it calls them. */
export const secretId = 'Secret';
export const securityGroupId = 'SecurityGroup';
export const subnetGroupId = 'SubnetGroup';
export const databaseEndpointId = 'DatabaseEndpoint';
export const streamEndpointId = 'StreamEndpoint';
export const replicationId = 'Replication';
/** Gives AWS DMS its password. */
export const loginId = 'Login';
/** Stops what runs, before it is changed. */
export const prepareId = 'Prepare';
/** Starts it. */
export const startId = 'Start';
