import { join } from 'node:path';

/** Where the local stack has its users, and `npm run user` puts them. */
export const usersFile = (dataDir: string): string => join(dataDir, 'users.json');

/** The public keys that tickets are checked with. */
export const ticketKeysFile = (dataDir: string): string => join(dataDir, 'ticket-keys.json');

/** The private key that `npm run ticket` signs with. */
export const signingKeyFile = (dataDir: string): string => join(dataDir, 'ticket-signing-key.json');
