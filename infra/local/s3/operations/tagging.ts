import type { Operation } from '../call.ts';
import { S3Error } from '../errors.ts';
import { emptyResponse, xmlResponse } from '../http.ts';
import { childrenNamed, childText, parseXml } from '../xml-reader.ts';
import { element, xmlDocument } from '../xml-writer.ts';
import { checkTags } from './properties.ts';
import { receiveDocument } from './receive.ts';

const maxDocumentBytes = 64 * 1024;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html */
export const getObjectTagging: Operation = ({ bucket, key, env }) => {
  const { tags } = env.catalog.object(bucket, key).tagging;
  const set = tags.map(({ name, value }) => element('Tag', [element('Key', name), element('Value', value)]));
  return xmlResponse(200, xmlDocument(element('Tagging', element('TagSet', set))));
};

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html */
export const putObjectTagging: Operation = async (call) => {
  const root = parseXml(await receiveDocument(call, maxDocumentBytes));
  const [set, second] = childrenNamed(root, 'TagSet');
  if (root.name !== 'Tagging' || set === undefined || second !== undefined) throw new S3Error('MalformedXML');
  const tags = childrenNamed(set, 'Tag').map((tag) => {
    const [name, value] = [childText(tag, 'Key'), childText(tag, 'Value')];
    if (name === undefined || value === undefined) throw new S3Error('MalformedXML');
    return { name, value };
  });
  checkTags(tags);
  // Looked up after the body has arrived: the object may have been replaced in the meantime.
  call.env.catalog.setTags(call.env.catalog.object(call.bucket, call.key), tags);
  return emptyResponse(200);
};

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html */
export const deleteObjectTagging: Operation = ({ bucket, key, env }) => {
  env.catalog.setTags(env.catalog.object(bucket, key), []);
  return emptyResponse(204);
};
