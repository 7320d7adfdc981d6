/** The part of dynalite that is used here; the package brings no types of its own. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface DynaliteOptions {
    /** Folder of the database; absent: in memory. */
    readonly path?: string;
    /** How long a new table stays in state CREATING. */
    readonly createTableMs?: number;
    readonly updateTableMs?: number;
    readonly deleteTableMs?: number;
  }

  /** A server that is not listening yet. Closing it closes the database too. */
  export default function dynalite(options?: DynaliteOptions): Server;
}
