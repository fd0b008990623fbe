type Settled<T> = { readonly result: IteratorResult<T, unknown> } | { readonly error: unknown };

const settle = async <T>(coming: Promise<IteratorResult<T, unknown>>): Promise<Settled<T>> => {
  try {
    return { result: await coming };
  } catch (error) {
    return { error };
  }
};

/**
 * Asks for the next page while the one before is worked on: an API server takes about as long to list 500 pods as to
 * delete a few dozen. A failure of the page ahead is thrown when its turn comes. Who leaves early calls off what is
 * still under way by the signal that the pages were asked for with.
 */
export async function* readAhead<T>(pages: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = pages[Symbol.asyncIterator]();
  let coming = settle(iterator.next());
  for (;;) {
    const settled = await coming;
    if ('error' in settled) throw settled.error;
    if (settled.result.done === true) return;
    coming = settle(iterator.next());
    yield settled.result.value;
  }
}
