import { BitsJobError, bufferSource, generatedSource } from '../../support/bits-client/index.ts';
import { sha256OfSource } from '../../support/upload-check.ts';
import { Crc32Source } from '../../support/upload-cli/crc32-source.ts';
import { type Check, fails, fileUrl, holds } from '../check.ts';
import { upload } from './upload.ts';

const mebibyte = 2 ** 20;

/** Two whole parts and a third, in fragments that end nowhere where a part does. */
const fileBytes = 20 * mebibyte + 7;

const wholeFile: Check = {
  id: 'whole-file',
  assumption: 'what is uploaded in fragments of 1,000,000 bytes is, byte for byte, the object',
  async run(subject) {
    const source = generatedSource(fileBytes, subject.runId);
    const result = await upload(subject, fileUrl(subject, 'whole-file'), source);
    const place = await subject.stores.placeOf(result.sessionId);
    const [ours, theirs] = [await sha256OfSource(source), await subject.stores.sha256Of(place)];
    const what = `${fileBytes} bytes in ${result.packets} packets, ${result.retries} interruptions`;
    return ours === theirs
      ? holds(`${what}, SHA-256 ${ours.slice(0, 16)}…`)
      : fails(`${what}: SHA-256 ${ours} became ${theirs} at s3://${place.bucket}/${place.key}`);
  },
};

const wholeChecksum: Check = {
  id: 'whole-checksum',
  assumption: 'S3 adds up the parts to a CRC32 of the whole object, and it is the one that we computed',
  async run(subject) {
    const source = new Crc32Source(generatedSource(8 * mebibyte + 1, subject.runId));
    const result = await upload(subject, fileUrl(subject, 'whole-checksum'), source);
    const stored = await subject.stores.checksumOf(await subject.stores.placeOf(result.sessionId));
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(await source.finish());
    const ours = crc.toString('base64');
    const isOurs = stored.type === 'FULL_OBJECT' && stored.crc32 === ours;
    return (isOurs ? holds : fails)(`ours ${ours}, S3 has ${stored.crc32}, ${stored.type}`);
  },
};

/** As many as a fleet's clock makes begin with the same name in the same second. */
const rivals = 4;

const oneName: Check = {
  id: 'one-name',
  assumption: 'of several uploads to one name at once, one is published, and the others are refused',
  async run(subject) {
    const url = fileUrl(subject, 'one-name');
    const files = Array.from({ length: rivals }, (_, index) => Buffer.alloc(100_000, `${index} `));
    const ends = await Promise.allSettled(files.map((file) => upload(subject, url, bufferSource(file))));
    const winners = ends.flatMap((end, index) =>
      end.status === 'fulfilled' ? [{ ...end.value, file: files[index] ?? Buffer.alloc(0) }] : [],
    );
    const [winner] = winners;
    if (winner === undefined || winners.length > 1)
      return fails(`${winners.length} of ${rivals} were told success`);
    const refusals = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
    const other = refusals.find((reason) => !(reason instanceof BitsJobError && reason.status === 403));
    if (other !== undefined) return fails(`one ended otherwise: ${String(other)}`);
    const object = await subject.stores.sha256Of(await subject.stores.placeOf(winner.sessionId));
    const isTheirs = object === (await sha256OfSource(bufferSource(winner.file)));
    return isTheirs
      ? holds(`1 of ${rivals} published, ${refusals.length} refused with 403`)
      : fails('the object is not the file of the one that was told success');
  },
};

export const byteChecks: readonly Check[] = [wholeFile, wholeChecksum, oneName];
