import { documentReader, isDocumentAddress } from '../access/document-source.ts';
import { extensionOf } from './access.ts';
import { type Environment, SettingsError } from './settings.ts';

/**
 * Reads what a header is to say from where it is kept, for every notification anew: it is one call for a whole file, and a
 * secret that was rotated holds from the next file on. Line ends behind it, as an editor leaves them, are not part of it.
 */
export const secretReader =
  (environment: Environment) =>
  async (address: string): Promise<string> => {
    if (!isDocumentAddress(address)) throw new SettingsError('BAD_VARIABLE', 'no address of a secret');
    const text = (await documentReader(address, extensionOf(environment))()).replace(/[\r\n]+$/, '');
    if (/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(text)) return text;
    throw new SettingsError('BAD_VARIABLE', `${address} holds nothing that a header can say`);
  };
