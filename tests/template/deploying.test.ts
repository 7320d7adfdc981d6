import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { artifactFolder } from '../../infra/deployment/artifact-folder.ts';
import { placeholderCertificateArn } from '../../infra/deployment/plan.ts';

interface Plugin {
  readonly hooks: Readonly<Record<string, () => Promise<void>>>;
}
const pluginSchema = z.custom<new (serverless: unknown, options: unknown, tool: unknown) => Plugin>(
  (value) => typeof value === 'function',
);
const plugin = pluginSchema.parse(createRequire(import.meta.url)('../../infra/plugin.cjs'));

const folder = 'serverless/bits-s3/prod';
const made = (epoch?: string, stage = 'prod') =>
  `"${artifactFolder(`serverless/bits-s3/${stage}`, epoch)}/ping.zip"`;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** The deployment tool, as far as the plugin sees it: a command for stage prod in eu-west-1. */
const tool = (service: object, others: object) => ({
  classes: { Error },
  service: { service: 'bits-s3', ...service },
  serviceDir: '/',
  ...others,
  getProvider: () => ({
    getStage: () => 'prod',
    getRegion: () => 'eu-west-1',
    getDeploymentPrefix: () => 'serverless',
    naming: {
      getStackName: () => 'bits-s3-prod',
      getCompiledTemplateFileName: () => 'template.json',
      getServiceStateFileName: () => 'state.json',
    },
    ...others,
  }),
});

describe('a package that was made earlier', () => {
  const deploy = async (template: string, provider = { stage: 'prod', region: 'eu-west-1' }) => {
    const where = await mkdtemp(join(tmpdir(), 'bits-s3-deploying-'));
    closing.push(() => rm(where, { recursive: true }));
    await writeFile(join(where, 'template.json'), template);
    await writeFile(join(where, 'state.json'), JSON.stringify({ service: { provider } }));
    const custom = { access: { warnings: [], undecided: null }, deployment: { undecided: null } };
    const processedInput = { commands: ['deploy'], options: { package: where } };
    await new plugin(tool({ custom }, { processedInput }), {}, {}).hooks['initialize']?.();
  };

  it('is deployed where it was made for', () => deploy(made('1795372341')));

  it.each([
    ['to be looked at', made(), undefined, /SOURCE_DATE_EPOCH/],
    [
      'without an entrance',
      `${made('1795372341')} "${placeholderCertificateArn}"`,
      undefined,
      /certificateArn/,
    ],
    ['for another region', made('1795372341'), { stage: 'prod', region: 'us-east-1' }, /--region us-east-1/],
    [
      'for another stage, and took its place',
      made('1', 'dev'),
      { stage: 'dev', region: 'eu-west-1' },
      /--stage dev/,
    ],
    [
      'for a stage that its template does not know',
      made('1', 'dev'),
      undefined,
      /^Nothing is deployed: it was made/,
    ],
  ])('is refused when it was made %s', async (_, template, provider, message) => {
    await expect(deploy(template, provider)).rejects.toThrow(message);
  });
});

describe('a template', () => {
  const buckets = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      'Fn::Sub': `arn:\${AWS::Partition}:s3:::${'b'.repeat(60)}${100 + index}/*`,
    }));
  const document = (Resource: unknown) => ({
    Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource }],
  });
  const finish = async (inline: unknown, managed: unknown) => {
    const compiledCloudFormationTemplate = {
      Resources: {
        SweepRole: {
          Type: 'AWS::IAM::Role',
          Properties: {
            Policies: [{ PolicyDocument: document(inline) }, { PolicyDocument: document(inline) }],
          },
        },
        KeyAccess: {
          Type: 'AWS::IAM::ManagedPolicy',
          Properties: { Roles: [], PolicyDocument: document(managed) },
        },
      },
    };
    const { hooks } = new plugin(tool({ provider: { compiledCloudFormationTemplate } }, {}), {}, {});
    await hooks['after:aws:package:finalize:mergeCustomProviderResources']?.();
  };

  it('was packaged, and IAM did not take the policies of so many buckets', async () => {
    await finish(buckets(60), buckets(70));
    await expect(finish(buckets(65), buckets(70))).rejects.toThrow(
      /^SweepRole: .* about \d{5} characters, and IAM takes 10240/,
    );
    await expect(finish(buckets(60), buckets(80))).rejects.toThrow(/^KeyAccess: .* IAM takes 6144/);
  });

  it('counts what only AWS can fill in at its length', async () => {
    const table = { 'Fn::GetAtt': ['SessionTable', 'StreamArn'] };
    await finish(Array(37).fill(table), [{ Ref: 'UsersSecret' }]);
    await expect(finish(Array(45).fill(table), [])).rejects.toThrow(/^SweepRole: /);
  });
});

describe('a package that is the same as the newest', () => {
  const newest = `${artifactFolder(folder, '1795372341')}/ping.zip`;
  const older = `${artifactFolder(folder, '1795000000')}/ping.zip`;

  /** CloudFormation, with one stack. */
  const cloudFormation = async (status: string, template: string): Promise<Server> => {
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const action = new URLSearchParams(body).get('Action');
      const result =
        action === 'GetTemplate'
          ? `<TemplateBody>${template}</TemplateBody>`
          : `<Stacks><member><StackName>s</StackName><StackStatus>${status}</StackStatus></member></Stacks>`;
      response.setHeader('content-type', 'text/xml');
      response.end(`<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    return server;
  };

  it.each([
    ['skipped where the stack runs it', 'UPDATE_COMPLETE', newest, true],
    [
      'skipped, and the stack had been taken back by CloudFormation',
      'UPDATE_ROLLBACK_COMPLETE',
      newest,
      false,
    ],
    ['skipped, and somebody had rolled the stack back', 'UPDATE_COMPLETE', older, false],
  ])('is %s', async (_, status, key, isSkipped) => {
    const server = await cloudFormation(status, `{"S3Key":"${key}"}`);
    const { port } = z.object({ port: z.number() }).parse(server.address());
    const settings = { shouldNotDeploy: true };
    const serverless = tool(
      { provider: settings },
      {
        pluginManager: { plugins: [{}, { getMostRecentObjects: async () => [{ Key: newest }] }] },
        getAwsSdkV3Config: async () => ({
          endpoint: `http://127.0.0.1:${port}`,
          region: 'eu-west-1',
          credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
        }),
      },
    );
    const log = { notice: () => {} };
    await new plugin(serverless, {}, { log }).hooks['after:aws:deploy:deploy:checkForChanges']?.();
    expect(settings.shouldNotDeploy).toBe(isSkipped);
  });
});
