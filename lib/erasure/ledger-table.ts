/** Attributes of the key of DynamoDB's table that holds the ledger of erasures. */
export const erasureLedgerTable = { partition: 'kind', sort: 'id' } as const;
