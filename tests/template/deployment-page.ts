import { readFile } from 'node:fs/promises';
import { statementsOfRole } from './checks/access.ts';
import { ofType, show, type Template } from './template.ts';

/** docs/deployment.md, which is held to the template. */
export const deploymentPage = (): Promise<string> =>
  readFile(new URL('../../docs/deployment.md', import.meta.url), 'utf8');

const sectionOf = (page: string, title: string): string =>
  page.split(/^## /m).find((section) => section.startsWith(`${title}\n`)) ?? '';

/** The cells of a section's rows with so many of them, without the row of titles. */
const rowsOf = (section: string, cells: number): readonly (readonly string[])[] =>
  section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').slice(1, -1))
    .filter((row) => row.length === cells)
    .map((row) => row.map((cell) => cell.trim()))
    .slice(1);

const code = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);

/** `A` `B`; `Create…` `Delete…` of `C`, `D` → A, B, CreateC, CreateD, DeleteC, DeleteD. */
const spelledOut = (actions: string): readonly string[] =>
  actions.split(';').flatMap((part) => {
    const [head = '', names = ''] = part.split(' of ');
    const verbs = code(head).filter((word) => word.endsWith('…'));
    const plain = code(head).filter((word) => !word.endsWith('…'));
    return [...plain, ...verbs.flatMap((verb) => code(names).map((name) => verb.slice(0, -1) + name))];
  });

interface Needed {
  /** The first cell of the row, without its parenthesis. */
  readonly row: string;
  /** Made, changed and taken away by CloudFormation with these; `Describe*` is not repeated here. */
  readonly actions: readonly string[];
}

const crud = (row: string, name: string, ...more: readonly string[]): Needed => ({
  row,
  actions: [`Create${name}`, `Delete${name}`, ...more],
});
const balancing = 'Elastic Load Balancing';

/** What a deployer needs for each type of resource that a template can have. */
const neededFor: Readonly<Record<string, Needed>> = {
  'AWS::S3::Bucket': crud(
    'S3',
    'Bucket',
    ...['EncryptionConfiguration', 'LifecycleConfiguration', 'BucketPublicAccessBlock'].map(
      (name) => `Put${name}`,
    ),
    'PutBucketOwnershipControls',
    'PutBucketTagging',
  ),
  'AWS::S3::BucketPolicy': {
    row: 'S3',
    actions: ['PutBucketPolicy', 'GetBucketPolicy', 'DeleteBucketPolicy'],
  },
  'AWS::Logs::LogGroup': crud('CloudWatch Logs', 'LogGroup', 'PutRetentionPolicy', 'TagResource'),
  'AWS::Lambda::Function': crud(
    'Lambda',
    'Function',
    'UpdateFunctionCode',
    'UpdateFunctionConfiguration',
    'GetFunction',
    'TagResource',
  ),
  'AWS::Lambda::Permission': { row: 'Lambda', actions: ['AddPermission', 'RemovePermission', 'GetPolicy'] },
  'AWS::Lambda::EventSourceMapping': crud(
    "Lambda, the sweep's stream",
    'EventSourceMapping',
    'UpdateEventSourceMapping',
    'GetEventSourceMapping',
    'TagResource',
  ),
  'AWS::Events::Rule': {
    row: "EventBridge, the sweep's clock",
    actions: ['PutRule', 'DescribeRule', 'DeleteRule', 'PutTargets', 'RemoveTargets', 'TagResource'],
  },
  'AWS::IAM::Role': crud('IAM', 'Role', 'PutRolePolicy', 'DeleteRolePolicy', 'PassRole', 'TagRole'),
  'AWS::IAM::ManagedPolicy': crud(
    'IAM, policies',
    'Policy',
    'CreatePolicyVersion',
    'AttachRolePolicy',
    'DetachRolePolicy',
  ),
  'AWS::DynamoDB::Table': crud(
    'DynamoDB',
    'Table',
    'UpdateTable',
    'UpdateTimeToLive',
    'UpdateContinuousBackups',
    'DescribeTable',
    'TagResource',
  ),
  'AWS::ElasticLoadBalancingV2::LoadBalancer': crud(
    balancing,
    'LoadBalancer',
    'ModifyLoadBalancerAttributes',
    'SetSecurityGroups',
    'SetSubnets',
    'AddTags',
  ),
  'AWS::ElasticLoadBalancingV2::Listener': crud(balancing, 'Listener', 'ModifyListener', 'AddTags'),
  'AWS::ElasticLoadBalancingV2::ListenerRule': crud(
    balancing,
    'Rule',
    'ModifyRule',
    'SetRulePriorities',
    'AddTags',
  ),
  'AWS::ElasticLoadBalancingV2::TargetGroup': crud(
    balancing,
    'TargetGroup',
    'ModifyTargetGroup',
    'ModifyTargetGroupAttributes',
    'RegisterTargets',
    'DeregisterTargets',
    'AddTags',
  ),
  'AWS::ElasticLoadBalancingV2::TrustStore': crud(
    `${balancing}, trust store`,
    'TrustStore',
    'ModifyTrustStore',
    's3:GetObject',
  ),
  'AWS::WAFv2::WebACL': crud('WAF', 'WebACL', 'UpdateWebACL', 'GetWebACL', 'TagResource'),
  'AWS::WAFv2::WebACLAssociation': {
    row: 'WAF',
    actions: [
      'AssociateWebACL',
      'DisassociateWebACL',
      'GetWebACLForResource',
      'elasticloadbalancing:SetWebACL',
    ],
  },
  'AWS::EC2::VPC': crud('EC2', 'Vpc', 'ModifyVpcAttribute', 'CreateTags'),
  'AWS::EC2::Subnet': crud('EC2', 'Subnet'),
  'AWS::EC2::InternetGateway': crud('EC2', 'InternetGateway'),
  'AWS::EC2::VPCGatewayAttachment': {
    row: 'EC2',
    actions: ['AttachInternetGateway', 'DetachInternetGateway'],
  },
  'AWS::EC2::RouteTable': crud('EC2', 'RouteTable'),
  'AWS::EC2::Route': crud('EC2', 'Route'),
  'AWS::EC2::SubnetRouteTableAssociation': {
    row: 'EC2',
    actions: ['AssociateRouteTable', 'DisassociateRouteTable'],
  },
  'AWS::EC2::SecurityGroup': crud(
    'EC2',
    'SecurityGroup',
    'AuthorizeSecurityGroupIngress',
    'RevokeSecurityGroupIngress',
  ),
  'AWS::Pipes::Pipe': crud('EventBridge Pipes', 'Pipe', 'UpdatePipe', 'DescribePipe', 'TagResource'),
  'AWS::SQS::Queue': crud('SQS', 'Queue', 'SetQueueAttributes', 'GetQueueAttributes', 'TagQueue'),
  'AWS::SecretsManager::Secret': crud(
    'Secrets Manager',
    'Secret',
    'UpdateSecret',
    'DescribeSecret',
    'TagResource',
  ),
  'AWS::Route53::RecordSet': {
    row: 'Route 53',
    actions: ['ChangeResourceRecordSets', 'GetHostedZone', 'GetChange'],
  },
};

/** Which services may take a role of the template: whoever deploys it has to pass it to them. */
const takersOf = (template: Template): readonly string[] => [
  ...new Set(
    ofType(template, 'AWS::IAM::Role').flatMap(([, { Properties }]) => [
      ...(show(Properties['AssumeRolePolicyDocument']).match(/\w+\.amazonaws\.com/g) ?? []),
    ]),
  ),
];

/** What the page's list of permissions lacks, to deploy this template; a line for each. */
export const permissionsMissing = (page: string, template: Template): readonly string[] => {
  const rows = rowsOf(sectionOf(page, 'What the deployer may have to do'), 3);
  const rowOf = (name: string) => rows.find(([service = '']) => service.replace(/ \(.*$/, '') === name);
  const types = new Set(Object.values(template.Resources).map(({ Type }) => Type));
  const lacking = [...types].flatMap((type) => {
    const needed = neededFor[type];
    if (needed === undefined) return [`${type}: nobody has said what it takes`];
    const row = rowOf(needed.row);
    if (row === undefined) return [`${type}: no row ${needed.row}`];
    const given = spelledOut(row[1] ?? '');
    return needed.actions.filter((action) => !given.includes(action)).map((action) => `${type}: ${action}`);
  });
  const passed = rowOf('IAM')?.[2] ?? '';
  return [
    ...lacking,
    ...takersOf(template)
      .filter((service) => !passed.includes(`\`${service}\``))
      .map((service) => `PassRole: ${service}`),
    ...Object.keys(neededFor)
      .filter((type) => !types.has(type))
      .map((type) => `${type}: in no template`),
  ];
};

/** `role action` and `role action bucket`, as the page promises them for an existing bucket. */
export const bucketAccessOfPage = (page: string): readonly string[] =>
  rowsOf(sectionOf(page, 'An existing bucket as a destination'), 3)
    .flatMap(([roles = '', onObjects = '', onBucket = '']) =>
      code(roles).flatMap((role) => [
        ...code(onObjects)
          .filter((action) => action.startsWith('s3:'))
          .map((action) => `${role} ${action} on objects`),
        ...code(onBucket).map((action) => `${role} ${action} on the bucket`),
      ]),
    )
    .toSorted();

/** The same, as the template gives it for the bucket of that name. */
export const bucketAccessOfTemplate = (template: Template, bucket: string): readonly string[] =>
  ofType(template, 'AWS::IAM::Role')
    .flatMap(([role]) =>
      statementsOfRole(template, role).flatMap(({ Action, Resource }) =>
        Resource.flatMap((resource) => {
          if (!show(resource).includes(`:s3:::${bucket}`)) return [];
          const on = show(resource).includes(`${bucket}/`) ? 'objects' : 'the bucket';
          return Action.map((action) => `${role} ${action} on ${on}`);
        }),
      ),
    )
    .toSorted();
