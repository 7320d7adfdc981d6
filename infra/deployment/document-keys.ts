import type { Parameters } from './parameters.ts';

/** A statement that lets a role read what Secrets Manager and Parameter Store keep encrypted with a deployer's own keys. */
export interface KeyStatement {
  readonly Effect: 'Allow';
  readonly Action: 'kms:Decrypt';
  readonly Resource: readonly string[];
  readonly Condition: unknown;
}

/** Used in the function's name by the two services, and by nobody else; none where no key is the deployer's. */
export const documentKeyStatements = ({
  documentKeyArns,
}: Pick<Parameters, 'documentKeyArns'>): readonly KeyStatement[] =>
  documentKeyArns.length === 0
    ? []
    : [
        {
          Effect: 'Allow',
          Action: 'kms:Decrypt',
          Resource: documentKeyArns,
          Condition: {
            StringEquals: {
              'kms:ViaService': ['secretsmanager', 'ssm'].map((service) => ({
                'Fn::Sub': `${service}.\${AWS::Region}.\${AWS::URLSuffix}`,
              })),
            },
          },
        },
      ];
