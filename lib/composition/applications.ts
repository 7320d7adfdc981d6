import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { ReplyApplication } from '../access/reply-application.ts';
import type { Application } from '../reply/application.ts';
import { type HttpServices, httpApplication } from '../reply/http-application.ts';
import { lambdaApplication } from '../reply/lambda-application.ts';
import type { Applications } from '../reply/request.ts';
import type { ObjectStore, Target } from '../upload/object-store.ts';
import { lambdaInvoke } from './lambda-invoke.ts';
import { secretReader } from './secrets.ts';
import type { Environment } from './settings.ts';

/** How reply applications are reached: each is made once, at its first upload. */
export const composeApplications = (
  environment: Environment,
  client: S3Client,
  objects: ObjectStore,
): Applications => {
  const services: HttpServices = {
    objects,
    presign: (method, target, expiresIn) => presign(client, method, target, expiresIn),
    secret: secretReader(environment),
  };
  const made = new Map<ReplyApplication, Application>();
  return (application) => {
    const known = made.get(application);
    if (known !== undefined) return known;
    const one =
      application.kind === 'http'
        ? httpApplication(application, services)
        : lambdaApplication(application, lambdaInvoke(client, environment));
    made.set(application, one);
    return one;
  };
};

const presign = (
  client: S3Client,
  method: 'GET' | 'PUT',
  { bucket, key }: Target,
  expiresIn: number,
): Promise<string> => {
  const place = { Bucket: bucket, Key: key };
  return method === 'GET'
    ? getSignedUrl(client, new GetObjectCommand(place), { expiresIn })
    : getSignedUrl(client, new PutObjectCommand(place), { expiresIn });
};
