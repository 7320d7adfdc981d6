import { join } from 'node:path';

/** Where the local stack has its users, and `npm run user` puts them. */
export const usersFile = (dataDir: string): string => join(dataDir, 'users.json');
