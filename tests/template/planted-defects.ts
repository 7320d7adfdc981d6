import type { CheckName } from './all-checks.ts';

/** A mistake that somebody could make, the check that has to find it, and what it says. */
export interface PlantedDefect {
  readonly defect: string;
  readonly check: CheckName | 'https';
  readonly plant: (template: unknown) => void;
  readonly message: RegExp;
}

type Path = readonly (string | number)[];

const stepInto = (value: unknown, key: string | number): unknown => {
  if (typeof value !== 'object' || value === null) throw new Error(`nothing to step into at ${key}`);
  return Reflect.get(value, key);
};

const edit = (
  template: unknown,
  path: Path,
  change: (parent: object, key: string | number) => void,
): void => {
  const last = path.at(-1);
  const parent = path.slice(0, -1).reduce(stepInto, template);
  if (typeof parent !== 'object' || parent === null || last === undefined)
    throw new Error(`no ${path.join('.')}`);
  if (Reflect.get(parent, last) === undefined) throw new Error(`no ${path.join('.')}`);
  change(parent, last);
};

const set = (path: Path, value: unknown) => (template: unknown) =>
  edit(template, ['Resources', ...path], (parent, key) => Reflect.set(parent, key, value));

const remove = (path: Path) => (template: unknown) =>
  edit(template, ['Resources', ...path], (parent, key) => Reflect.deleteProperty(parent, key));

const certificateRule = ['CertificateFragmentRule', 'Properties'] as const;
const fragmentRule = ['FragmentAlbListenerRule30', 'Properties'] as const;
const pingPermission = ['PingLambdaPermissionRegisterTarget', 'Properties'] as const;
const fragmentStatements = [
  'FragmentRole',
  'Properties',
  'Policies',
  0,
  'PolicyDocument',
  'Statement',
] as const;
const uploadBucket = ['UploadBucket', 'Properties'] as const;
const pipe = ['UploadEvents', 'Properties'] as const;
const pipeSource = [...pipe, 'SourceParameters'] as const;
const sweepSource = ['SweepEventSourceMappingDynamodbSessionTable', 'Properties'] as const;

export const planted: readonly PlantedDefect[] = [
  {
    defect: 'a method that the load balancer does not know',
    check: 'aRuleForEach',
    plant: set([...fragmentRule, 'Conditions', 0, 'HttpRequestMethodConfig', 'Values'], ['bits_post']),
    message: /method bits_post/,
  },
  {
    defect: 'two rules of one priority',
    check: 'aRuleForEach',
    plant: set([...fragmentRule, 'Priority'], 20),
    message: /priority 20: twice/,
  },
  {
    defect: 'a rule that would catch every header',
    check: 'aRuleForEach',
    plant: set([...fragmentRule, 'Conditions', 1, 'HttpHeaderConfig', 'Values'], ['*']),
    message: /rule 30: missing or different/,
  },
  {
    defect: 'a packet type without a rule',
    check: 'aRuleForEach',
    plant: remove(['CloseSessionAlbListenerRule40']),
    message: /rule 40: missing/,
  },
  {
    defect: 'replies under another path than their URLs name',
    check: 'aRuleForEach',
    plant: set(['ReplyAlbListenerRule70', 'Properties', 'Conditions', 0, 'Values'], ['/replies/*']),
    message: /rule 70: missing or different/,
  },
  {
    defect: 'a rule that leads to another function',
    check: 'rulesOfLocalStack',
    plant: set([...fragmentRule, 'Actions', 0, 'TargetGroupArn', 'Ref'], 'PingAlbTargetGroupListener'),
    message: /rule 30: missing or different/,
  },
  {
    defect: 'a permission for any account',
    check: 'boundPermissions',
    plant: remove([...pingPermission, 'SourceAccount']),
    message: /PingLambdaPermissionRegisterTarget: SourceAccount/,
  },
  {
    defect: 'a permission for any source',
    check: 'boundPermissions',
    plant: remove([...pingPermission, 'SourceArn']),
    message: /PingLambdaPermissionRegisterTarget: SourceArn/,
  },
  {
    defect: 'a permission for any target group',
    check: 'boundPermissions',
    plant: set([...pingPermission, 'SourceArn', 'Fn::Sub'], `arn:\${AWS::Partition}:elasticloadbalancing:*`),
    message: /not the target group of the function/,
  },
  {
    defect: 'a function that its target group may not invoke',
    check: 'everyTargetIsPermitted',
    plant: remove(['FragmentLambdaPermissionAlb']),
    message: /FragmentAlbTargetGroupListener: no permission/,
  },
  {
    defect: 'a statement about every resource',
    check: 'noNeedlessWildcards',
    plant: set([...fragmentStatements, 1, 'Resource'], '*'),
    message: /FragmentRole: resource "\*" could be named/,
  },
  {
    defect: 'a statement about every bucket',
    check: 'noNeedlessWildcards',
    plant: set([...fragmentStatements, 2, 'Resource'], { 'Fn::Sub': `arn:\${AWS::Partition}:s3:::*` }),
    message: /FragmentRole: resource .* could be named/,
  },
  {
    defect: 'a statement that allows every action',
    check: 'noNeedlessWildcards',
    plant: set([...fragmentStatements, 2, 'Action'], ['s3:*']),
    message: /FragmentRole: action s3:\*/,
  },
  {
    defect: 'two functions with one role',
    check: 'aRolePerFunction',
    plant: set(['PingLambdaFunction', 'Properties', 'Role'], { 'Fn::GetAtt': ['FragmentRole', 'Arn'] }),
    message: /FragmentRole is also the role of/,
  },
  {
    defect: 'a role that others may take',
    check: 'aRolePerFunction',
    plant: set(['PingRole', 'Properties', 'AssumeRolePolicyDocument', 'Statement', 0, 'Principal'], {
      AWS: '*',
    }),
    message: /PingRole: AssumeRolePolicyDocument/,
  },
  {
    defect: 'a bucket that may be made public',
    check: 'privateBuckets',
    plant: set([...uploadBucket, 'PublicAccessBlockConfiguration', 'BlockPublicPolicy'], false),
    message: /UploadBucket: PublicAccessBlockConfiguration.BlockPublicPolicy/,
  },
  {
    defect: 'a bucket that everybody may read',
    check: 'privateBuckets',
    plant: set(['UploadBucketPolicy', 'Properties', 'PolicyDocument', 'Statement', 0, 'Effect'], 'Allow'),
    message: /UploadBucket: allows "\*"/,
  },
  {
    defect: 'a bucket that takes plain HTTP',
    check: 'privateBuckets',
    plant: remove(['StagingBucketPolicy']),
    message: /StagingBucket: takes requests without TLS/,
  },
  {
    defect: 'a bucket without encryption',
    check: 'privateBuckets',
    plant: remove([...uploadBucket, 'BucketEncryption']),
    message: /UploadBucket: BucketEncryption/,
  },
  {
    defect: 'staged bytes that expire before their session',
    check: 'lifecycleAfterSessions',
    plant: set(['StagingBucket', 'Properties', 'LifecycleConfiguration', 'Rules', 0, 'ExpirationInDays'], 30),
    message: /lifecycle: 30 days/,
  },
  {
    defect: 'uploads that expire once they are whole',
    check: 'lifecycleAfterSessions',
    plant: set([...uploadBucket, 'LifecycleConfiguration', 'Rules', 0], {
      Status: 'Enabled',
      ExpirationInDays: 365,
    }),
    message: /UploadBucket: deletes what was uploaded/,
  },
  {
    defect: 'a table without its stream',
    check: 'lastingState',
    plant: remove(['SessionTable', 'Properties', 'StreamSpecification']),
    message: /SessionTable: StreamSpecification/,
  },
  {
    defect: 'a table that cannot be restored',
    check: 'lastingState',
    plant: set(
      ['SessionTable', 'Properties', 'PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled'],
      false,
    ),
    message: /SessionTable: PointInTimeRecoverySpecification/,
  },
  {
    defect: 'uploads that go with the stack',
    check: 'lastingState',
    plant: remove(['UploadBucket', 'DeletionPolicy']),
    message: /UploadBucket: goes with the stack/,
  },
  {
    defect: 'HTTP/2 switched on',
    check: 'carefulLoadBalancer',
    plant: set(['LoadBalancer', 'Properties', 'LoadBalancerAttributes', 1, 'Value'], 'true'),
    message: /routing.http2.enabled: "true", not false/,
  },
  {
    defect: 'a default action that invokes a function',
    check: 'https',
    plant: set(['Listener', 'Properties', 'DefaultActions', 0], {
      Type: 'forward',
      TargetGroupArn: { Ref: 'PingAlbTargetGroupListener' },
    }),
    message: /Listener: DefaultActions.0/,
  },
  {
    defect: 'a listener without TLS that nobody asked for',
    check: 'https',
    plant: set(['Listener', 'Properties', 'Protocol'], 'HTTP'),
    message: /Listener: HTTP, not HTTPS/,
  },
  {
    defect: 'TLS as it was in 2016',
    check: 'https',
    plant: set(['Listener', 'Properties', 'SslPolicy'], 'ELBSecurityPolicy-2016-08'),
    message: /allows outdated TLS/,
  },
  {
    defect: 'a function that outlasts the load balancer',
    check: 'soundFunctions',
    plant: set(['CloseSessionLambdaFunction', 'Properties', 'Timeout'], 300),
    message: /CloseSessionLambdaFunction: Timeout/,
  },
  {
    defect: 'a runtime that is no longer supported',
    check: 'soundFunctions',
    plant: set(['PingLambdaFunction', 'Properties', 'Runtime'], 'nodejs20.x'),
    message: /PingLambdaFunction: Runtime/,
  },
  {
    defect: 'a log that is kept for ever',
    check: 'soundFunctions',
    plant: remove(['PingLogGroup', 'Properties', 'RetentionInDays']),
    message: /PingLogGroup: keeps its lines for ever/,
  },
  {
    defect: 'a sweep that is woken by every fragment',
    check: 'tirelessSweep',
    plant: remove([...sweepSource, 'FilterCriteria']),
    message: /FilterCriteria/,
  },
  {
    defect: 'a record that fails for ever, and all behind it',
    check: 'tirelessSweep',
    plant: remove([...sweepSource, 'MaximumRetryAttempts']),
    message: /MaximumRetryAttempts/,
  },
  {
    defect: 'a batch that fails as a whole for one record',
    check: 'tirelessSweep',
    plant: set([...sweepSource, 'BisectBatchOnFunctionError'], false),
    message: /BisectBatchOnFunctionError/,
  },
  {
    defect: 'files without a CLOSE that nobody publishes',
    check: 'tirelessSweep',
    plant: set(['SweepEventsRuleSchedule1', 'Properties', 'Targets', 0, 'Input'], '{"task":"orphans"}'),
    message: /nothing runs \{"task":"due"\}/,
  },
  {
    defect: 'a schedule that is switched off',
    check: 'tirelessSweep',
    plant: set(['SweepEventsRuleSchedule2', 'Properties', 'State'], 'DISABLED'),
    message: /nothing runs \{"task":"orphans"\}/,
  },
  {
    defect: 'events that are not sent at all',
    check: 'toldOutcomes',
    plant: remove(['UploadEvents']),
    message: /0 pipes/,
  },
  {
    defect: 'an event function that is asked for every fragment',
    check: 'toldOutcomes',
    plant: remove([...pipeSource, 'FilterCriteria']),
    message: /UploadEvents: SourceParameters.FilterCriteria/,
  },
  {
    defect: 'a filter by a field that a pipe cannot see',
    check: 'toldOutcomes',
    plant: set([...pipeSource, 'FilterCriteria', 'Filters', 0, 'Pattern'], '{"eventName":["INSERT"]}'),
    message: /cannot filter by eventName/,
  },
  {
    defect: 'an event that cannot be sent and is forgotten',
    check: 'toldOutcomes',
    plant: remove([...pipeSource, 'DynamoDBStreamParameters', 'DeadLetterConfig']),
    message: /DeadLetterConfig/,
  },
  {
    defect: 'a record that is tried until the stream has forgotten it',
    check: 'toldOutcomes',
    plant: set([...pipeSource, 'DynamoDBStreamParameters', 'MaximumRecordAgeInSeconds'], -1),
    message: /MaximumRecordAgeInSeconds/,
  },
  {
    defect: 'a batch that a bus does not take',
    check: 'toldOutcomes',
    plant: set([...pipeSource, 'DynamoDBStreamParameters', 'BatchSize'], 100),
    message: /BatchSize/,
  },
  {
    defect: 'undelivered events that are gone after four days',
    check: 'toldOutcomes',
    plant: remove(['UndeliveredEvents', 'Properties', 'MessageRetentionPeriod']),
    message: /UndeliveredEvents: MessageRetentionPeriod/,
  },
  {
    defect: 'a role that any pipe of anybody may take',
    check: 'toldOutcomes',
    plant: remove([
      'UploadEventsRole',
      'Properties',
      'AssumeRolePolicyDocument',
      'Statement',
      0,
      'Condition',
    ]),
    message: /UploadEventsRole: AssumeRolePolicyDocument/,
  },
  {
    defect: 'a pipe that may send to every bus',
    check: 'noNeedlessWildcards',
    plant: set(
      ['UploadEventsRole', 'Properties', 'Policies', 0, 'PolicyDocument', 'Statement', 2, 'Resource'],
      '*',
    ),
    message: /UploadEventsRole: resource/,
  },
  {
    defect: 'a function that any schedule of the account may invoke',
    check: 'boundPermissions',
    plant: remove(['SweepLambdaPermissionEventsRuleSchedule1', 'Properties', 'SourceArn']),
    message: /SweepLambdaPermissionEventsRuleSchedule1: not bound/,
  },
  {
    defect: 'certificates that nobody verifies',
    check: 'believedCertificates',
    plant: set(['CertificateListener', 'Properties', 'MutualAuthentication', 'Mode'], 'passthrough'),
    message: /CertificateListener: MutualAuthentication/,
  },
  {
    defect: 'expired certificates that pass',
    check: 'believedCertificates',
    plant: set(
      ['CertificateListener', 'Properties', 'MutualAuthentication', 'IgnoreClientCertificateExpiry'],
      true,
    ),
    message: /CertificateListener: MutualAuthentication/,
  },
  {
    defect: 'an open target group with a name that is believed',
    check: 'believedCertificates',
    plant: set(['FragmentAlbTargetGroupListener', 'Properties', 'Name'], 'mtls-dev-open'),
    message: /FragmentAlbTargetGroupListener: mtls-dev-open: believed true, behind the listener false/,
  },
  {
    defect: 'the first listener sending to a group of the second',
    check: 'believedCertificates',
    plant: set([...certificateRule, 'ListenerArn'], { Ref: 'Listener' }),
    message: /CertificateFragmentTargetGroup: mtls-dev-fragment: believed true, behind the listener false/,
  },
  {
    defect: 'a target group that hands over one copy of a header only',
    check: 'believedCertificates',
    plant: set(['CertificatePingTargetGroup', 'Properties', 'TargetGroupAttributes', 0, 'Value'], 'false'),
    message: /CertificatePingTargetGroup: hides/,
  },
  {
    defect: 'a function that does not know where certificates come from',
    check: 'believedCertificates',
    plant: remove(['PingLambdaFunction', 'Properties', 'Environment', 'Variables', 'MTLS_TARGET_GROUPS']),
    message: /PingLambdaFunction: does not know/,
  },
  {
    defect: 'a rule that is missing for certificates only',
    check: 'aRuleForEach',
    plant: remove(['CertificateFragmentRule']),
    message: /rule 30: missing/,
  },
  {
    defect: 'a permission that is missing for certificates only',
    check: 'everyTargetIsPermitted',
    plant: remove(['CertificateFragmentPermission']),
    message: /CertificateFragmentTargetGroup: no permission/,
  },
  {
    defect: 'a second listener without certificates',
    check: 'https',
    plant: remove(['CertificateListener', 'Properties', 'MutualAuthentication']),
    message: /2 listeners without certificates/,
  },
  {
    defect: 'users that a deployment writes over',
    check: 'lastingSecrets',
    plant: set(['UsersSecret', 'Properties'], { SecretString: '{}' }),
    message: /UsersSecret: SecretString/,
  },
  {
    defect: 'users that go with the stack',
    check: 'lastingSecrets',
    plant: set(['UsersSecret', 'DeletionPolicy'], 'Delete'),
    message: /UsersSecret: is deleted/,
  },
  {
    defect: "a firewall whose answer ends clients' jobs",
    check: 'patientFirewall',
    plant: set(['WebAcl', 'Properties', 'Rules', 0, 'Action', 'Block'], {}),
    message: /WebAcl: Rules\.0\.Action/,
  },
  {
    defect: 'a firewall that keeps tickets',
    check: 'patientFirewall',
    plant: set(['WebAcl', 'Properties', 'VisibilityConfig', 'SampledRequestsEnabled'], true),
    message: /WebAcl: VisibilityConfig/,
  },
  {
    defect: 'a firewall in front of nothing',
    check: 'patientFirewall',
    plant: remove(['WebAclAssociation']),
    message: /WebAcl: stands in front of nothing/,
  },
];
