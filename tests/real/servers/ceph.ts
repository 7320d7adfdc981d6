import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { answersHttp, Daemon, freePorts, ServerStartError } from './daemon.ts';
import { type RealS3, stopAll } from './real-server.ts';

const run = promisify(execFile);
const credentials = { accessKeyId: 'CEPHTESTKEY', secretAccessKey: 'ceph-test-secret' };
const attempts = 300;

/**
 * The object gateway of Ceph on the smallest cluster there can be: one monitor, one object store in memory, one
 * gateway, no authentication inside. Needs the programs of ceph-mon, ceph-osd, ceph-common and radosgw; takes some 15 s.
 */
export const startCeph = async (folder: string): Promise<RealS3> => {
  const [port = 0, monitorPort = 0] = await freePorts(2);
  const conf = join(folder, 'ceph.conf');
  const clusterId = randomUUID();
  await Promise.all(['mon', 'osd', 'rgw'].map((name) => mkdir(join(folder, name))));
  await writeFile(conf, configuration(folder, clusterId, monitorPort, port));
  const environment = { CEPH_CONF: conf };
  const tool = async (program: string, args: readonly string[]) =>
    (await run(program, args, { env: { ...process.env, ...environment }, timeout: 30_000 })).stdout;
  /** What the cluster cannot do yet, it can a little later. */
  const eventually = async (what: string, attempt: () => Promise<boolean>) => {
    let cause: unknown;
    for (let tries = 0; tries < attempts; tries++) {
      try {
        if (await attempt()) return;
      } catch (error) {
        cause = error;
      }
      await delay(100);
    }
    throw new ServerStartError(`Ceph: ${what} did not happen`, { cause });
  };
  const daemons: Daemon[] = [];
  const start = async (program: string, args: readonly string[]) => {
    const daemon = await Daemon.start(program, [...args, '-f'], {
      environment,
      logFile: join(folder, `${program}.out`),
    });
    daemons.push(daemon);
    return daemon;
  };

  try {
    const map = join(folder, 'monmap');
    const monitor = `[v2:127.0.0.1:${monitorPort}]`;
    await tool('monmaptool', ['--create', '--fsid', clusterId, '--addv', 'a', monitor, map]);
    await tool('ceph-mon', ['-i', 'a', '--mkfs', '--monmap', map]);
    await start('ceph-mon', ['-i', 'a']);
    const osdId = randomUUID();
    await eventually('a place for the object store', async () => {
      await tool('ceph', ['--connect-timeout', '5', 'osd', 'new', osdId]);
      return true;
    });
    await tool('ceph-osd', ['-i', '0', '--mkfs', '--osd-uuid', osdId]);
    await start('ceph-osd', ['-i', '0']);
    await eventually('the object store coming up', async () =>
      (await tool('ceph', ['osd', 'stat'])).includes('1 up'),
    );
    const { accessKeyId, secretAccessKey } = credentials;
    const keys = [`--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`];
    await tool('radosgw-admin', ['user', 'create', '--uid=test', '--display-name=test', ...keys]);
    const gateway = await start('radosgw', ['-n', 'client.rgw']);
    const endpoint = `http://127.0.0.1:${port}`;
    await gateway.ready(() => answersHttp(endpoint));
    return { endpoint, region: 'us-east-1', ...credentials, stop: () => stopAll(daemons) };
  } catch (error) {
    await stopAll(daemons);
    throw error;
  }
};

/** One copy of everything is enough, nothing is authenticated, and every port is one of loopback. */
const configuration = (
  folder: string,
  clusterId: string,
  monitorPort: number,
  port: number,
): string => `[global]
fsid = ${clusterId}
mon_initial_members = a
mon_host = v2:127.0.0.1:${monitorPort}
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc secure
run_dir = ${folder}
admin_socket = ${folder}/$name.asok
log_file = ${folder}/$name.log
pid_file =
mon_data = ${folder}/mon
osd_data = ${folder}/osd
rgw_data = ${folder}/rgw
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 2000
mon_data_avail_warn = 1
mon_data_avail_crit = 1
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
osd_objectstore = memstore
memstore_device_bytes = 8589934592
memstore_page_set = false
osd_class_load_list = *
osd_class_default_list = *
rgw_frontends = beast endpoint=127.0.0.1:${port}
rgw_dns_name = 127.0.0.1
rgw_enable_gc_threads = false
rgw_enable_lc_threads = false
rgw_enable_quota_threads = false
rgw_run_sync_thread = false
`;
