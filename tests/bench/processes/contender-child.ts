/** One contender in a process of its own, so that its processor time and memory are its own. */
import { type Contender, type Load, type Places, runLoad } from '../contenders/contender.ts';
import { type ContenderName, entryOf } from '../contenders/list.ts';
import { serveParent } from './served.ts';

let contender: Contender | undefined;

const methods = {
  /** The URL of a server, `undefined` for what is called in its process. */
  start: async ({ name, places }: { name: ContenderName; places: Places }): Promise<string | undefined> => {
    contender = await entryOf(name).start(places);
    return contender.kind === 'http' ? contender.url : undefined;
  },
  /** The times of all Acks. For what is called in its process. */
  run: async (load: Load): Promise<number[]> => {
    if (contender?.kind !== 'calls') throw new Error('this contender is a server');
    return runLoad(load, contender.upload);
  },
  usage: (): { cpuMs: number; peakRssBytes: number } => {
    const { user, system } = process.cpuUsage();
    return { cpuMs: (user + system) / 1000, peakRssBytes: process.resourceUsage().maxRSS * 1024 };
  },
};

export type ContenderMethods = typeof methods;

serveParent(methods);
