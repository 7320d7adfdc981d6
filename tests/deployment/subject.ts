import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { readStackFile } from '../support/stack-file.ts';
import { cloudWatchLogs, type FunctionLogs } from './function-logs.ts';
import { Stores } from './stores.ts';

/** Where a service is found, and what of it the check looks at. */
export interface Service {
  /** Without a path: the prefix of a destination is added. */
  readonly baseUrl: string;
  readonly stores: Stores;
  readonly logs: FunctionLogs | undefined;
}

/** The service has no such stack, or the stack not what the check needs. */
export class NoServiceError extends Error {
  override readonly name = 'NoServiceError';
}

/** Where AWS is and who asks, if not as environment and profile say. */
export interface ClientSettings {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/**
 * A deployed stage, as the outputs of its stack name it. Region and credentials are the SDK's business, as with every
 * tool of AWS: environment, profile, single sign-on.
 * @throws NoServiceError when there is no such stack
 */
export const deployedService = async (stage: string, settings: ClientSettings): Promise<Service> => {
  const name = `bits-s3-${stage}`;
  const cloudFormation = new CloudFormationClient(settings);
  try {
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }));
    const outputs = new Map((Stacks?.[0]?.Outputs ?? []).map((each) => [each.OutputKey, each.OutputValue]));
    const output = (key: string): string => {
      const value = outputs.get(key);
      if (value === undefined) throw new NoServiceError(`the stack ${name} has no output ${key}`);
      return value;
    };
    return {
      baseUrl: output('Url'),
      stores: new Stores(new S3Client(settings), new DynamoDBClient(settings), output('SessionTableName')),
      logs: cloudWatchLogs(new CloudWatchLogsClient(settings), name),
    };
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError')
      throw new NoServiceError(error.message, { cause: error });
    throw error;
  } finally {
    cloudFormation.destroy();
  }
};

/** The stack of `npm start` that keeps its data in `dataDir`. Rejects when none runs there. */
export const localService = async (dataDir: string): Promise<Service> => {
  const { bits, dynamodb, s3 } = await readStackFile(dataDir);
  const { accessKeyId, endpoint, region, secretAccessKey } = s3;
  const common = { region, credentials: { accessKeyId, secretAccessKey } };
  return {
    baseUrl: bits,
    stores: new Stores(
      new S3Client({ ...common, endpoint, forcePathStyle: true }),
      new DynamoDBClient({ ...common, endpoint: dynamodb.endpoint }),
      dynamodb.table,
    ),
    logs: undefined,
  };
};
