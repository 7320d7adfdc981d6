import { bitsUploadOverHttp } from '../clients/bits.ts';
import { tusUpload } from '../clients/tus.ts';
import { uploadxUpload } from '../clients/uploadx.ts';
import type { StartContender, Upload } from './contender.ts';
import { partPer8MiB, putPerFragment, sameBytes } from './floor.ts';
import { asColdFunctionCalls, asFunctionCalls, throughFrontDoor } from './ours.ts';
import { type PublishedPackages, tusPackages, uploadxPackages } from './packages.ts';
import type { Payload } from './payload.ts';
import { tusServer } from './tus.ts';
import { uploadxServer } from './uploadx.ts';

interface Entry {
  readonly title: string;
  /** In its own process. */
  readonly start: StartContender;
  /** In the clients' process, for servers. */
  readonly uploadTo?: (url: string, payload: Payload) => Upload;
  readonly packages?: PublishedPackages;
}

export type ContenderName = keyof typeof contenders;

export const contenders = {
  'ours-calls': { title: 'ours, function calls', start: asFunctionCalls },
  'ours-door': {
    title: 'ours, through the front door',
    start: throughFrontDoor,
    uploadTo: bitsUploadOverHttp,
  },
  'ours-cold': { title: 'ours, every fragment cold', start: asColdFunctionCalls },
  tus: {
    title: '@tus/server + @tus/s3-store',
    start: tusServer,
    uploadTo: tusUpload,
    packages: tusPackages,
  },
  uploadx: {
    title: 'node-uploadx, S3 storage',
    start: uploadxServer,
    uploadTo: uploadxUpload,
    packages: uploadxPackages,
  },
  'floor-put': { title: 'SDK alone: a PutObject per fragment', start: putPerFragment },
  'floor-part': { title: 'SDK alone: an UploadPart per 8 MiB', start: partPer8MiB },
  'floor-same': { title: 'SDK alone: the same bytes and writes', start: sameBytes },
} satisfies Readonly<Record<string, Entry>>;

export const isContenderName = (name: string): name is ContenderName => Object.hasOwn(contenders, name);

export const entryOf = (name: ContenderName): Entry => contenders[name];

/** What cannot take part at all, and why: said in every report. */
export const absentContenders: readonly { readonly title: string; readonly reason: string }[] = [
  {
    title: 'tusd',
    reason: 'neither in Debian nor on npm; its S3 store follows the same steps as @tus/s3-store',
  },
];
