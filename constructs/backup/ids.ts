/** Ids of nodes that several files of the model speak of. */
export const vaultKeyId = 'VaultKey';
export const vaultId = 'Vault';
export const backupRoleId = 'BackupRole';
export const restoreRoleId = 'RestoreRole';
export const bucketId = 'BackupsBucket';
/** Begins the ids of the function, its role and its log group. */
export const validateId = 'ValidateRestore';
/** The state machine that has compared what was restored. */
export const machineId = 'Compare';
/** The state machine that dumps the database. */
export const dumpMachineId = 'Dump';
/** What restore testing calls whatever it makes. */
export const testPrefix = 'awsbackup-restore-test';
