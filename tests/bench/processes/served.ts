/** What a process of the benchmark can be asked to do, by name. Arguments and answers cross as structured clones. */
export type Methods = Readonly<Record<string, (argument: never) => unknown>>;

/** One question to a process. */
export interface Question {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}

type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

/**
 * Answers the parent's questions, one after the other or several at once, until it disconnects; then cleans up and ends this
 * process, so that nothing is left behind when the benchmark is interrupted.
 */
export const serveParent = (methods: Methods, cleanUp: () => void = () => undefined): void => {
  // A terminal interrupts all processes at once; the parent's end is told by the disconnection.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  process.on('message', (question: Question) => {
    void answer(methods, question).then((reply) => process.send?.(reply));
  });
  process.on('disconnect', () => {
    cleanUp();
    process.exit(0);
  });
};

const answer = async (methods: Methods, { id, method, argument }: Question): Promise<Answer> => {
  try {
    const run: unknown = methods[method];
    if (typeof run !== 'function') throw new TypeError(`no method ${method}`);
    return { id, value: await run(argument) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
};
