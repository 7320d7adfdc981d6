/** A server to test besides the embedded one, from `<PREFIX>_TEST_*`; `undefined` where no endpoint is set. */
export interface TestServer {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Whose deviations are expected, from `<PREFIX>_TEST_SERVER`. */
  readonly server: string;
}

export const testServer = (prefix: 'S3' | 'DYNAMODB'): TestServer | undefined => {
  const value = (name: string) => process.env[`${prefix}_TEST_${name}`];
  const endpoint = value('ENDPOINT');
  if (endpoint === undefined || endpoint === '') return undefined;
  return {
    endpoint,
    region: value('REGION') ?? 'us-east-1',
    credentials: {
      accessKeyId: value('ACCESS_KEY_ID') ?? 'test',
      secretAccessKey: value('SECRET_ACCESS_KEY') ?? 'test',
    },
    server: value('SERVER') ?? '',
  };
};
