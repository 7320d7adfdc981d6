import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** A password: from the terminal without showing it, or the first line of what is piped in. */
export const readPassword = async (): Promise<string> => {
  const { stdin, stderr } = process;
  const isTerminal = stdin.isTTY === true;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: isTerminal });
  try {
    if (isTerminal) stderr.write('Password: ');
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
    if (isTerminal) stderr.write('\n');
  }
};
