/**
 * Account and version of the layer `AWS-Parameters-and-Secrets-Lambda-Extension-Arm64` by region, as of July 2026. Both
 * differ from region to region; old versions go on working, and `extensionLayerArn` names another.
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-integration-lambda-extensions.html
 */
const layers: Readonly<Record<string, readonly [account: string, version: number]>> = {
  'af-south-1': ['317013901791', 97],
  'ap-east-1': ['768336418462', 94],
  'ap-east-2': ['890742577149', 65],
  'ap-northeast-1': ['133490724326', 100],
  'ap-northeast-2': ['738900069198', 96],
  'ap-northeast-3': ['576959938190', 91],
  'ap-south-1': ['176022468876', 95],
  'ap-south-2': ['070087711984', 83],
  'ap-southeast-1': ['044395824272', 101],
  'ap-southeast-2': ['665172237481', 105],
  'ap-southeast-3': ['490737872127', 91],
  'ap-southeast-4': ['090732460067', 83],
  'ap-southeast-5': ['381492012281', 83],
  'ap-southeast-6': ['995508174458', 76],
  'ap-southeast-7': ['941377119484', 83],
  'ca-central-1': ['200266452380', 104],
  'ca-west-1': ['243964427225', 70],
  'cn-north-1': ['287114880934', 89],
  'cn-northwest-1': ['287310001119', 83],
  'eu-central-1': ['187925254637', 101],
  'eu-central-2': ['772501565639', 70],
  'eu-north-1': ['427196147048', 92],
  'eu-south-1': ['325218067255', 92],
  'eu-south-2': ['524103009944', 82],
  'eu-west-1': ['015030872274', 101],
  'eu-west-2': ['133256977650', 99],
  'eu-west-3': ['780235371811', 95],
  'il-central-1': ['148806536434', 70],
  'me-central-1': ['858974508948', 49],
  'me-south-1': ['832021897121', 55],
  'mx-central-1': ['241533131596', 67],
  'sa-east-1': ['933737806257', 100],
  'us-east-1': ['177933569100', 99],
  'us-east-2': ['590474943231', 109],
  'us-gov-east-1': ['129776340158', 84],
  'us-gov-west-1': ['127562683043', 87],
  'us-west-1': ['997803712105', 93],
  'us-west-2': ['345057560386', 99],
};

const partitionOf = (region: string): string => {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
};

/** The ARN of AWS's extension that reads secrets and parameters beside a function; `undefined` for a region without one. */
export const extensionLayerArn = (region: string): string | undefined => {
  const [account, version] = layers[region] ?? [];
  return account === undefined
    ? undefined
    : `arn:${partitionOf(region)}:lambda:${region}:${account}:layer:AWS-Parameters-and-Secrets-Lambda-Extension-Arm64:${version}`;
};
