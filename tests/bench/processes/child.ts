import { fork } from 'node:child_process';
import type { Methods, Question } from './served.ts';

/** A process of the benchmark's own, typed by the methods that its module serves. */
export interface Child<M extends Methods> {
  /** `undefined` when it could not be started. */
  readonly pid: number | undefined;
  /** Rejects with what the process threw, or when it ends before it has answered. */
  ask<N extends keyof M & string>(
    method: N,
    ...argument: Parameters<M[N]> extends [] ? [] : [Parameters<M[N]>[0]]
  ): Promise<Awaited<ReturnType<M[N]>>>;
  stop(): Promise<void>;
}

/** As `serveParent` sends it; what a method answers is known where it is asked. */
type Answer =
  | { readonly id: number; readonly value: never }
  | { readonly id: number; readonly error: string };

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** Starts a module of this folder as a process. Its standard error is ours, its standard output is not kept. */
export const startChild = <M extends Methods>(file: URL): Child<M> => {
  const child = fork(file, {
    execArgv: ['--import', 'tsx'],
    serialization: 'advanced',
    env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  child.on('message', (answer: Answer) => {
    const asker = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) asker?.reject(new Error(answer.error));
    else asker?.resolve(answer.value);
  });
  const ended = new Promise<void>((resolve) => {
    child.on('exit', (code, signal) => {
      const error = new Error(`${file.pathname} ended early (${signal ?? code})`);
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
      resolve();
    });
  });
  return {
    pid: child.pid,
    ask: (method, ...argument) =>
      new Promise((resolve, reject) => {
        const id = ++asked;
        waiting.set(id, { resolve, reject });
        const question: Question = { id, method, argument: argument[0] };
        child.send(question, (error) => {
          if (error !== null) reject(error);
        });
      }),
    stop: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
};
