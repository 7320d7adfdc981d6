import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { readTemplate } from './template-yaml.ts';

/** A table as `CreateTable` wants it, without its name. */
export type TableDefinition = Omit<CreateTableCommandInput, 'TableName'>;

const keySchema = z
  .array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }))
  .min(1);

const storageSchema = z.looseObject({
  Resources: z.looseObject({
    SessionTable: z.looseObject({
      Type: z.literal('AWS::DynamoDB::Table'),
      Properties: z.looseObject({
        BillingMode: z.literal('PAY_PER_REQUEST'),
        AttributeDefinitions: z.array(
          z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
        ),
        KeySchema: keySchema,
        GlobalSecondaryIndexes: z
          .array(
            z.strictObject({
              IndexName: z.string(),
              KeySchema: keySchema,
              Projection: z.strictObject({ ProjectionType: z.enum(['KEYS_ONLY', 'ALL']) }),
            }),
          )
          .optional(),
      }),
    }),
  }),
});

/**
 * The session table of `infra/storage.yml`, as far as a local DynamoDB has it: keys and indexes; expiry, backups and
 * encryption are left out. Throws `StartError` (`BAD_STORAGE_TEMPLATE`) naming the key.
 */
export function readSessionTable(storageYml: string): TableDefinition {
  const template = readTemplate(storageYml, storageSchema, {
    file: 'storage.yml',
    code: 'BAD_STORAGE_TEMPLATE',
  });
  const { BillingMode, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } =
    template.Resources.SessionTable.Properties;
  return {
    BillingMode,
    AttributeDefinitions,
    KeySchema,
    ...(GlobalSecondaryIndexes === undefined ? {} : { GlobalSecondaryIndexes }),
  };
}
