import { readFile } from 'node:fs/promises';
import { cpus, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { PROJECT_DIR } from '../../infra/local/functions.ts';
import { tusPackages, uploadxPackages } from './contenders/packages.ts';

/** Where and with what a benchmark ran: what its numbers mean nothing without. */
export interface Machine {
  /** `2026-11-26` */
  readonly date: string;
  readonly processor: string;
  readonly memoryGib: number;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
}

const manifest = z.object({ version: z.string() });

const installedVersion = async (name: string): Promise<string> => {
  const text = await readFile(join(PROJECT_DIR, 'node_modules', name, 'package.json'), 'utf8');
  return manifest.parse(JSON.parse(text)).version;
};

export const describeMachine = async (): Promise<Machine> => {
  const processors = cpus();
  const names = ['@aws-sdk/client-s3', '@aws-sdk/client-dynamodb', 'dynalite'];
  const installed = await Promise.all(names.map(async (name) => [name, await installedVersion(name)]));
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${processors.length} × ${processors[0]?.model ?? 'unknown'}`,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${type()}, ${process.arch}`,
    versions: {
      node: process.versions.node,
      ...Object.fromEntries(installed),
      ...tusPackages.versions,
      ...uploadxPackages.versions,
    },
  };
};
