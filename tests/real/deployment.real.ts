import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deployedService, NoServiceError } from '../deployment/subject.ts';

const run = promisify(execFile);
const project = fileURLToPath(new URL('../../', import.meta.url));
const inputs = ['functions', 'infra', 'lib', 'package.json', 'serverless.yml', 'tsconfig.json'];
const endpoint = process.env['REAL_AWS_ENDPOINT'] ?? '';

const templateSchema = z.object({ Resources: z.record(z.string(), z.object({ Type: z.string() })) });

/**
 * Taken without a complaint, but not always listed among the resources of a stack: that is how moto has the first two. The
 * third its CloudFormation does not know at all, so of the pipe only the validator and the template's checks speak.
 */
const notAlwaysListed = ['AWS::S3::BucketPolicy', 'AWS::EC2::InternetGateway', 'AWS::Pipes::Pipe'];

describe('npm run deploy, to a server that stands in for AWS', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bits-s3-deploy-'));
    for (const input of inputs) await cp(join(project, input), join(folder, input), { recursive: true });
    await symlink(join(project, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('creates every resource of the template, and updates it', async () => {
    for (let deployment = 0; deployment < 2; deployment++) {
      const args = ['node_modules/osls/bin/serverless.js', 'deploy', '--force', '--param', 'allowHttp=true'];
      const { stdout } = await run(process.execPath, args, { cwd: folder, env: environment(folder) });
      const file = join(folder, '.serverless/cloudformation-template-update-stack.json');
      const { Resources } = templateSchema.parse(JSON.parse(await readFile(file, 'utf8')));
      const expected = Object.keys(Resources).filter(
        (name) => !notAlwaysListed.includes(Resources[name]?.Type ?? ''),
      );
      const created = await stackResources('bits-s3-dev');
      // What a deployer asks for is said without being asked for.
      for (const [name, value] of Object.entries({
        Url: 'http://',
        UploadBucketName: 'bits-s3-dev-upload',
        SessionTableName: 'bits-s3-dev-',
      }))
        expect(stdout.toLowerCase()).toContain(`${name}: ${value}`.toLowerCase());
      expect(expected.length).toBeGreaterThan(60);
      expect(expected.filter((name) => !created.has(name))).toEqual([]);
      expect([...created.keys()].filter((name) => !(name in Resources))).toEqual([]);
      for (const [name, status] of created) expect(status, name).toMatch(/^(CREATE|UPDATE)_COMPLETE$/);
    }
  });

  it('is found by npm run check, its logs as well', async () => {
    const { baseUrl, logs, stores } = await deployedService('dev', credentials);
    expect(baseUrl).toMatch(/^http:\/\/./);
    await expect(stores.placeOf('NONE')).rejects.toThrow(/^session NONE is not in bits-s3-dev-/i);
    const client = new CloudWatchLogsClient(credentials);
    const group = { logGroupName: '/aws/lambda/bits-s3-dev-fragment', logStreamName: 'environment' };
    await client.send(new CreateLogStreamCommand(group));
    const now = Date.now();
    const logEvents = [now - 60_000, now].map((timestamp) => ({ timestamp, message: `at ${timestamp}\n` }));
    await client.send(new PutLogEventsCommand({ ...group, logEvents }));
    expect(await logs?.since(now - 1_000)).toEqual([{ functionName: 'fragment', text: `at ${now}` }]);
    client.destroy();
    logs?.close();
    stores.close();
  });

  it('a stage that nobody deployed is none, and npm run check says so', async () => {
    await expect(deployedService('other', credentials)).rejects.toThrow(NoServiceError);
  });
});

const credentials = {
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
};

const environment = (home: string) => ({
  PATH: process.env['PATH'],
  HOME: home,
  SLS_TELEMETRY_DISABLED: '1',
  SLS_NOTIFICATIONS_MODE: 'off',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_ENDPOINT_URL: endpoint,
});

/** Logical id → status. */
const stackResources = async (stack: string): Promise<ReadonlyMap<string, string>> => {
  const client = new CloudFormationClient(credentials);
  const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName: stack }));
  client.destroy();
  return new Map(
    // moto lists some without a name.
    StackResources.flatMap(({ LogicalResourceId, ResourceStatus = '' }) =>
      LogicalResourceId === undefined ? [] : [[LogicalResourceId, ResourceStatus] as const],
    ),
  );
};
