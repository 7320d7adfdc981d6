import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { answersHttp, Daemon, freePorts } from './daemon.ts';
import { type RealS3, stopAll } from './real-server.ts';

const run = promisify(execFile);

/**
 * OpenStack Swift behind its S3 interface: one account, one container and one object server, one proxy, one memcached.
 * Needs the packages swift-proxy, swift-account, swift-container, swift-object and memcached; takes some 5 s.
 */
export const startSwift = async (folder: string): Promise<RealS3> => {
  const [proxyPort = 0, memcachedPort = 0, account = 0, container = 0, object = 0] = await freePorts(5);
  const etc = join(folder, 'etc');
  await mkdir(etc);
  await mkdir(join(folder, 'node', 'd1'), { recursive: true });
  await writeFile(join(etc, 'swift.conf'), clusterConfiguration);
  for (const [kind, port] of Object.entries({ account, container, object })) {
    const builder = join(etc, `${kind}.builder`);
    await run('swift-ring-builder', [builder, 'create', '4', '1', '1']);
    await run('swift-ring-builder', [builder, 'add', `r1z1-127.0.0.1:${port}/d1`, '1']);
    await run('swift-ring-builder', [builder, 'rebalance']);
    await writeFile(join(etc, `${kind}-server.conf`), storageConfiguration(folder, kind, port));
  }
  await writeFile(join(etc, 'proxy-server.conf'), proxyConfiguration(folder, proxyPort, memcachedPort));

  const daemons: Daemon[] = [];
  const start = async (program: string, args: readonly string[]) => {
    const daemon = await Daemon.start(program, args, {
      environment: { SWIFT_DIR: etc },
      logFile: join(folder, `${program}.out`),
    });
    daemons.push(daemon);
    return daemon;
  };
  try {
    await start('memcached', ['-u', userInfo().username, '-l', '127.0.0.1', '-p', String(memcachedPort)]);
    for (const kind of ['account', 'container', 'object', 'proxy']) {
      await start(`swift-${kind}-server`, [join(etc, `${kind}-server.conf`)]);
    }
    const endpoint = `http://127.0.0.1:${proxyPort}`;
    await daemons.at(-1)?.ready(async () => {
      const ports = [account, container, object, proxyPort];
      const ready = await Promise.all(ports.map((port) => answersHttp(`http://127.0.0.1:${port}/`)));
      return ready.every(Boolean);
    });
    return {
      endpoint,
      region: 'us-east-1',
      accessKeyId: 'test:tester',
      secretAccessKey: 'testing',
      stop: () => stopAll(daemons),
    };
  } catch (error) {
    await stopAll(daemons);
    throw error;
  }
};

const clusterConfiguration = `[swift-hash]
swift_hash_path_suffix = bits-s3
[storage-policy:0]
name = default
default = yes
[swift-constraints]
max_header_size = 16384
`;

const common = (folder: string, port: number) => `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 1
user = ${userInfo().username}
swift_dir = ${folder}/etc
log_level = WARNING
log_address = /dev/null
`;

const storageConfiguration = (folder: string, kind: string, port: number) => `${common(folder, port)}
devices = ${folder}/node
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
[pipeline:main]
pipeline = ${kind}-server
[app:${kind}-server]
use = egg:swift#${kind}
`;

const filters = {
  catch_errors: '',
  gatekeeper: '',
  cache: '',
  listing_formats: '',
  bulk: '',
  s3api: `location = us-east-1
dns_compliant_bucket_names = true
max_upload_part_num = 10000
min_segment_size = 5242880`,
  tempauth: 'user_test_tester = testing .admin',
  copy: '',
  slo: `max_manifest_segments = 10000
max_manifest_size = 8388608`,
  dlo: '',
  versioned_writes: `allow_versioned_writes = true
allow_object_versioning = true`,
  symlink: '',
};

const proxyConfiguration = (folder: string, port: number, memcachedPort: number) => {
  const sections = Object.entries({ ...filters, cache: `memcache_servers = 127.0.0.1:${memcachedPort}` });
  const eggOf = (name: string) => (name === 'cache' ? 'memcache' : name);
  return `${common(folder, port)}
[pipeline:main]
pipeline = ${Object.keys(filters).join(' ')} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
${sections.map(([name, settings]) => `[filter:${name}]\nuse = egg:swift#${eggOf(name)}\n${settings}\n`).join('')}`;
};
