import type { Call, Operation } from '../call.ts';
import { S3Error } from '../errors.ts';
import { emptyResponse, xmlResponse } from '../http.ts';
import { childrenNamed, childText, parseXml, type XmlNode } from '../xml-reader.ts';
import { element, type XmlElement, xmlDocument } from '../xml-writer.ts';
import { checkDeleteCondition } from './conditions.ts';
import { receiveDocument } from './receive.ts';

const maxDocumentBytes = 8 * 1024 ** 2;
const maxKeys = 1000;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export const deleteObject: Operation = async (call) => {
  await deleteKey(call, call.key, call.headers['if-match']);
  return emptyResponse(204);
};

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export const deleteObjects: Operation = async (call) => {
  call.env.catalog.bucket(call.bucket);
  const root = parseXml(await receiveDocument(call, maxDocumentBytes));
  const objects = childrenNamed(root, 'Object');
  if (root.name !== 'Delete' || objects.length < 1 || objects.length > maxKeys)
    throw new S3Error('MalformedXML');
  const isQuiet = childText(root, 'Quiet') === 'true';
  const results = await Promise.all(objects.map((object) => deleteListed(call, object)));
  const told = results.filter((result) => result.name === 'Error' || !isQuiet);
  return xmlResponse(200, xmlDocument(element('DeleteResult', told)));
};

async function deleteListed(call: Call, object: XmlNode): Promise<XmlElement> {
  const key = childText(object, 'Key');
  if (key === undefined || key === '') throw new S3Error('MalformedXML');
  try {
    if (childText(object, 'VersionId') !== undefined) throw new S3Error('NotImplemented');
    await deleteKey(call, key, childText(object, 'ETag'));
    return element('Deleted', element('Key', key));
  } catch (error) {
    if (!(error instanceof S3Error)) throw error;
    return element('Error', [
      element('Key', key),
      element('Code', error.code),
      element('Message', error.message),
    ]);
  }
}

/** Deleting what is not there succeeds, as in S3. */
async function deleteKey({ bucket, env }: Call, key: string, ifMatch: string | undefined): Promise<void> {
  const existing = env.catalog.bucket(bucket).objects.get(key);
  checkDeleteCondition(ifMatch, existing);
  if (existing !== undefined) await env.catalog.deleteObject(existing);
}
