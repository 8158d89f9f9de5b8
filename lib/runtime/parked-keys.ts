import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  paginateQuery,
} from '@aws-sdk/client-dynamodb';
import type { ParkedKey, ParkedKeys } from '../stream/parked';
import { tellingTransient } from './aws-transient';
import { parkedKeysTable } from './parked-keys-table';

/** Keys that have stopped, in a table of DynamoDB. */
export function dynamoParkedKeys(table: string, client = new DynamoDBClient()): ParkedKeys {
  const dynamo = tellingTransient(client);
  const keyOf = (stream: string, key: string) => ({ stream: { S: stream }, key: { S: `k${key}` } });
  // A key may be empty, which DynamoDB's sort key may not be: each has a letter before it.
  const versionOf = ({ first, last }: ParkedKey) =>
    JSON.stringify([first.shard, first.sequence, last.shard, last.sequence]);
  const unlessOther = async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  };
  const asSeen = (seen: ParkedKey | undefined) =>
    seen === undefined
      ? { ConditionExpression: 'attribute_not_exists(version)' }
      : {
          ConditionExpression: 'version = :seen',
          ExpressionAttributeValues: { ':seen': { S: versionOf(seen) } },
        };
  return {
    async list(stream) {
      const keys: ParkedKey[] = [];
      const query = {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: '#stream = :stream',
        ExpressionAttributeNames: { '#stream': parkedKeysTable.partition },
        ExpressionAttributeValues: { ':stream': { S: stream } },
      };
      for await (const { Items = [] } of paginateQuery({ client: dynamo }, query))
        for (const { state } of Items) keys.push(JSON.parse(state!.S!) as ParkedKey);
      return keys;
    },
    put: (stream, seen, next) =>
      unlessOther(() =>
        dynamo.send(
          new PutItemCommand({
            TableName: table,
            Item: {
              ...keyOf(stream, next.key),
              version: { S: versionOf(next) },
              state: { S: JSON.stringify(next) },
            },
            ...asSeen(seen),
          }),
        ),
      ),
    remove: (stream, seen) =>
      unlessOther(() =>
        dynamo.send(new DeleteItemCommand({ TableName: table, Key: keyOf(stream, seen.key), ...asSeen(seen) })),
      ),
  };
}
