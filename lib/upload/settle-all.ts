/**
 * Like Promise.all, but rejects only when everything has ended: Lambda freezes what still runs when the handler returns,
 * and it would wake up in somebody else's invocation.
 */
export const settleAll = async <const T extends readonly unknown[]>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> => {
  await Promise.allSettled(work);
  return Promise.all(work);
};
