import { documentReader, isDocumentAddress } from '../access/document-source.ts';
import { extensionOf } from './access.ts';
import { type Environment, SettingsError } from './settings.ts';

/**
 * Reads what a header is to say from where it is kept; nothing of it is remembered here, because the extension does that.
 * Line ends behind it, as an editor leaves them, are not part of it.
 */
export const secretReader =
  (environment: Environment) =>
  async (address: string): Promise<string> => {
    if (!isDocumentAddress(address)) throw new SettingsError('BAD_VARIABLE', 'no address of a secret');
    const text = (await documentReader(address, extensionOf(environment))()).replace(/[\r\n]+$/, '');
    if (/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(text)) return text;
    throw new SettingsError('BAD_VARIABLE', `${address} holds nothing that a header can say`);
  };
