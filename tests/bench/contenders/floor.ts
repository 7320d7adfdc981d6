import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { dynamoDBClient, s3Client } from '../../../lib/composition/clients.ts';
import { layoutFor, planFragment, s3PartLimits } from '../../../lib/upload/parts.ts';
import { maxFragmentBytes } from '../grid.ts';
import { fragmentsOf, type Places, type StartContender } from './contender.ts';
import { Payload } from './payload.ts';

const floorPartBytes = 8 * 2 ** 20;

/** The product's own clients, so that every improvement of theirs lowers the floor as well. */
const clientsOf = (places: Places) => {
  const environment = {
    AWS_REGION: places.region,
    AWS_ACCESS_KEY_ID: places.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: places.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_S3: places.s3Endpoint,
    // As over TLS, where they are deployed.
    S3_PAYLOAD_SIGNING: 'off',
    AWS_ENDPOINT_URL_DYNAMODB: places.dynamodbEndpoint,
  };
  return { s3: s3Client(environment), dynamodb: dynamoDBClient(environment) };
};

/** The SDK alone: one PutObject per fragment. Nothing is ever joined to a file. */
export const putPerFragment: StartContender = async (places) => {
  const { s3 } = clientsOf(places);
  const payload = new Payload(maxFragmentBytes);
  return {
    kind: 'calls',
    upload: async (file, onAck) => {
      for (const { from, end } of fragmentsOf(file)) {
        const startedMs = performance.now();
        const Key = `${file.name}/${from}`;
        await s3.send(
          new PutObjectCommand({ Bucket: places.uploadBucket, Key, Body: payload.bytes(end - from) }),
        );
        onAck(performance.now() - startedMs);
      }
    },
  };
};

/** The SDK alone: one UploadPart per 8 MiB, from memory, whatever the fragments. */
export const partPer8MiB: StartContender = async (places) => {
  const { s3 } = clientsOf(places);
  const payload = new Payload(Math.max(maxFragmentBytes, floorPartBytes));
  return {
    kind: 'calls',
    upload: async (file, onAck) => {
      const upload = await beginUpload(s3, places, file.name);
      for (const { from, end } of fragmentsOf({ ...file, fragmentBytes: floorPartBytes })) {
        const startedMs = performance.now();
        await upload.part(payload.bytes(end - from));
        onAck(performance.now() - startedMs);
      }
      await upload.complete();
    },
  };
};

/**
 * The least that any server with this design's promises has to do: decode the load balancer's base64, one PutObject, or one
 * UploadPart where a part is complete (from memory), and one UpdateItem of 700 bytes per fragment. No protocol, no checks, no
 * checksum, nothing deleted.
 */
export const sameBytes: StartContender = async (places) => {
  const { s3, dynamodb } = clientsOf(places);
  const payload = new Payload(maxFragmentBytes);
  const state = Buffer.alloc(700 - 'sessionId'.length - 36 - 'state'.length, 7);
  return {
    kind: 'calls',
    upload: async (file, onAck) => {
      const upload = await beginUpload(s3, places, file.name);
      const layout = layoutFor(file.fileBytes, file.fragmentBytes, s3PartLimits);
      let waiting: Buffer[] = [];
      let partCount = 0;
      for (const { from, end } of fragmentsOf(file)) {
        const text = payload.base64(end - from);
        const startedMs = performance.now();
        const body = Buffer.from(text, 'base64');
        const plan = planFragment(layout, partCount, from, end);
        waiting.push(body);
        if (plan.parts.length > 0) {
          const start = partCount * layout.partBytes;
          const joined = waiting.length === 1 ? body : Buffer.concat(waiting);
          for (const part of plan.parts)
            await upload.part(joined.subarray(part.from - start, part.end - start));
          partCount += plan.parts.length;
          waiting = plan.rest === undefined ? [] : [body.subarray(plan.rest.from - from)];
        }
        if (plan.rest !== undefined) {
          const Key = `${file.name}/${plan.rest.from}`;
          const Body = body.subarray(plan.rest.from - from);
          await s3.send(new PutObjectCommand({ Bucket: places.stagingBucket, Key, Body }));
        }
        await dynamodb.send(
          new UpdateItemCommand({
            TableName: places.table,
            Key: { sessionId: { S: file.name.padEnd(36, '-').slice(0, 36) } },
            UpdateExpression: 'SET #state = :state',
            ExpressionAttributeNames: { '#state': 'state' },
            ExpressionAttributeValues: { ':state': { B: state } },
          }),
        );
        onAck(performance.now() - startedMs);
      }
      await upload.complete();
    },
  };
};

const beginUpload = async (s3: S3Client, { uploadBucket: Bucket }: Places, Key: string) => {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  return {
    part: async (Body: Uint8Array): Promise<void> => {
      const PartNumber = Parts.length + 1;
      const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
      Parts.push({ PartNumber, ETag });
    },
    complete: async (): Promise<void> => {
      await s3.send(
        new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
      );
    },
  };
};
