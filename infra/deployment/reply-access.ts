import type { Destination } from '../../lib/access/destination.ts';
import type { ReplyApplication } from '../../lib/access/reply-application.ts';
import { documentKeyStatements, type KeyStatement } from './document-keys.ts';
import type { Parameters } from './parameters.ts';

interface Sub {
  readonly 'Fn::Sub': string;
}

interface Statement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly (string | Sub)[];
}

export interface ReplyAccess {
  /** The part of the template with the rights that end with the reply applications. */
  readonly part: 'reply-access.yml' | 'nothing.yml';
  /** What the fragment function may do for the applications: invoke these functions, read these secrets. */
  readonly statements: readonly (Statement | KeyStatement)[];
}

/** What the reply applications of a file need; without any, nobody gets a right more. */
export const replyAccess = (
  destinations: readonly Destination[],
  keys: Pick<Parameters, 'documentKeyArns'>,
): ReplyAccess => {
  const applications = destinations.flatMap(({ reply }) => reply ?? []);
  const functions = distinct(applications.flatMap((one) => (one.kind === 'lambda' ? one.function : [])));
  const secrets = secretsOf(applications, 'secretsmanager:');
  const parameters = secretsOf(applications, 'ssm:').map((name) => ({
    'Fn::Sub': `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter/${name.replace(/^\//, '')}`,
  }));
  return {
    part: applications.length === 0 ? 'nothing.yml' : 'reply-access.yml',
    statements: [
      // Everything that a reply is written with beyond what every piece is.
      {
        Effect: 'Allow',
        Action: ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
        Resource: [{ 'Fn::Sub': `\${StagingBucket.Arn}/replies/*` }],
      },
      ...statement('lambda:InvokeFunction', functions),
      ...statement('secretsmanager:GetSecretValue', secrets),
      ...statement('ssm:GetParameter', parameters),
      ...(secrets.length + parameters.length === 0 ? [] : documentKeyStatements(keys)),
    ],
  };
};

const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

const secretsOf = (applications: readonly ReplyApplication[], scheme: string): readonly string[] =>
  distinct(
    applications.flatMap((one) =>
      one.kind === 'http' && one.secret?.startsWith(scheme) === true ? one.secret.slice(scheme.length) : [],
    ),
  );

const statement = (action: string, resources: readonly (string | Sub)[]): readonly Statement[] =>
  resources.length === 0 ? [] : [{ Effect: 'Allow', Action: [action], Resource: resources }];
