import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { DocumentError } from './document.ts';

/** How the AWS Parameters and Secrets Lambda extension is reached, beside the function. */
export interface ExtensionAddress {
  /** `PARAMETERS_SECRETS_EXTENSION_HTTP_PORT`, 2773 by default. */
  readonly port: number;
  /** `AWS_SESSION_TOKEN`: the extension answers nobody else. */
  readonly token: string;
}

/** Where a document is: `secretsmanager:ARN`, `ssm:NAME`, or `file:PATH` on a machine of one's own. */
export type DocumentAddress = `${'secretsmanager' | 'ssm' | 'file'}:${string}`;

export const isDocumentAddress = (text: string): text is DocumentAddress =>
  /^(secretsmanager|ssm|file):./.test(text);

/** It answers 400 until it has started, which takes some tens of milliseconds in a cold environment. */
const attempts = 4;
const waitMs = 100;
const timeoutMs = 2_000;

/** Reads the document's text, each time anew. Rejects with DocumentError UNREADABLE. */
export const documentReader = (address: DocumentAddress, extension: ExtensionAddress) => {
  const kind = address.slice(0, address.indexOf(':'));
  const name = address.slice(kind.length + 1);
  if (kind === 'file') return () => readLocally(name);
  const path =
    kind === 'ssm'
      ? `/systemsmanager/parameters/get?withDecryption=true&name=${encodeURIComponent(name)}`
      : `/secretsmanager/get?secretId=${encodeURIComponent(name)}`;
  return async (): Promise<string> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return textOf(await ask(path, extension), address);
      } catch (cause) {
        if (attempt === attempts) {
          throw new DocumentError('UNREADABLE', `${address} cannot be read`, { cause });
        }
        await delay(waitMs * attempt);
      }
    }
  };
};

const readLocally = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new DocumentError('UNREADABLE', `${file} cannot be read`, { cause });
  }
};

const ask = async (path: string, { port, token }: ExtensionAddress): Promise<unknown> => {
  const response = await fetch(`http://localhost:${port}${path}`, {
    headers: { 'X-Aws-Parameters-Secrets-Token': token },
    signal: AbortSignal.timeout(timeoutMs),
  });
  // The answer of a failure names what went wrong in AWS, never a secret.
  if (!response.ok) throw new Error(`${response.status}: ${(await response.text()).slice(0, 300)}`);
  return response.json();
};

/** `SecretString` of GetSecretValue, or `Parameter.Value` of GetParameter. */
const textOf = (answer: unknown, address: string): string => {
  const fields = (value: unknown): Readonly<Record<string, unknown>> => Object(value);
  const text = fields(answer)['SecretString'] ?? fields(fields(answer)['Parameter'])['Value'];
  if (typeof text === 'string') return text;
  throw new DocumentError('UNREADABLE', `${address} has no text`);
};
