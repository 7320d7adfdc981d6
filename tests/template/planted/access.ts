import { type PlantedDefect, remove, set } from './defect.ts';

const pingPermission = ['PingLambdaPermissionRegisterTarget', 'Properties'] as const;
const fragmentStatements = [
  'FragmentRole',
  'Properties',
  'Policies',
  0,
  'PolicyDocument',
  'Statement',
] as const;

/** Mistakes in roles and permissions. */
export const access: readonly PlantedDefect[] = [
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
    defect: 'a permission that is missing for certificates only',
    check: 'everyTargetIsPermitted',
    plant: remove(['CertificateFragmentPermission']),
    message: /CertificateFragmentTargetGroup: no permission/,
  },
  {
    defect: 'a function that may run before it has its rights',
    check: 'rightsBeforeCode',
    plant: set(['FragmentLambdaFunction', 'DependsOn'], ['FragmentLogGroup']),
    message: /FragmentLambdaFunction: may run before KeyAccess/,
  },
];
