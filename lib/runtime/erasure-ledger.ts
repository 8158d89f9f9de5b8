import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
} from '@aws-sdk/client-dynamodb';
import type { ErasureLedger } from '../erasure/ledger';
import { erasureLedgerTable } from '../erasure/ledger-table';
import { tellingTransient } from './aws-transient';

/** The ledger of erasures in a table of DynamoDB, which no backup of the lake brings back to an older state. */
export function dynamoErasureLedger(table: string, client = new DynamoDBClient()): ErasureLedger {
  const dynamo = tellingTransient(client);
  const { partition, sort } = erasureLedgerTable;
  const get = async (kind: string, id: string): Promise<string | undefined> => {
    const { Item } = await dynamo.send(
      new GetItemCommand({
        TableName: table,
        ConsistentRead: true,
        Key: { [partition]: { S: kind }, [sort]: { S: id } },
      }),
    );
    return Item?.value?.S;
  };
  const item = (kind: string, id: string, value: string) => ({
    TableName: table,
    Item: { [partition]: { S: kind }, [sort]: { S: id }, value: { S: value } },
  });
  return {
    get,
    async list(kind) {
      const found = new Map<string, string>();
      const query = {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: '#kind = :kind',
        ExpressionAttributeNames: { '#kind': partition },
        ExpressionAttributeValues: { ':kind': { S: kind } },
      };
      for await (const { Items = [] } of paginateQuery({ client: dynamo }, query))
        for (const one of Items) found.set(one[sort]!.S!, one.value!.S!);
      return found;
    },
    async add(kind, id, value) {
      try {
        await dynamo.send(
          new PutItemCommand({ ...item(kind, id, value), ConditionExpression: `attribute_not_exists(${sort})` }),
        );
        return value;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return (await get(kind, id))!;
        throw error;
      }
    },
    async put(kind, id, value) {
      await dynamo.send(new PutItemCommand(item(kind, id, value)));
    },
  };
}
