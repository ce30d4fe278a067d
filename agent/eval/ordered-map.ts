/**
 * Results of `work` for each item, in the items' order, with at most `ahead` under way: files are decoded while a
 * network runs.
 *
 * When the consumer stops early or a piece of work fails, what is still under way is awaited and dropped.
 */
export async function* orderedMap<T, R>(
  items: readonly T[],
  ahead: number,
  work: (item: T, index: number) => Promise<R>,
): AsyncGenerator<R> {
  const waiting: Promise<R>[] = [];
  let next = 0;
  const start = (): void => {
    const item = items[next] as T;
    const promise = work(item, next++);
    // A failure surfaces when its turn comes; until then it must not count as unhandled.
    promise.catch(() => {});
    waiting.push(promise);
  };
  try {
    while (next < items.length && waiting.length < ahead) start();
    for (let head = waiting.shift(); head !== undefined; head = waiting.shift()) {
      const result = await head;
      if (next < items.length) start();
      yield result;
    }
  } finally {
    await Promise.allSettled(waiting);
  }
}
