import { settle, unsettle } from './settle.ts';

/**
 * Asks for the next page while the one before is worked on: an API server takes about as long to list 500 pods as to
 * delete a few dozen. A failure of the page ahead is thrown when its turn comes. Who leaves early calls off what is
 * still under way by the signal that the pages were asked for with.
 */
export async function* readAhead<T>(pages: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = pages[Symbol.asyncIterator]();
  let coming = settle(iterator.next());
  for (;;) {
    const { done, value } = unsettle(await coming);
    if (done === true) return;
    coming = settle(iterator.next());
    yield value;
  }
}
