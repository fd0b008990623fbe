import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** As many as the default budget of a run: most runs collect nothing. */
const PAGES_BETWEEN = 4;

/**
 * V8 gives garbage back when a heap of several times its size has filled up, and widens the young generation the longer
 * a process works. A run over a hundred thousand pods would so need twice the memory of one over a thousand, though it
 * holds no more. Here the young generation stays as it is when the bundle is loaded, and every few pages the rest is
 * collected: some 20 ms for 2,000 pods.
 */
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--expose-gc');

/** To be told of every page that is done with. */
export const createHeapKeeper = (): { pageDone(): void } => {
  let pages = 0;
  let collect: (() => void) | undefined;
  return {
    pageDone: () => {
      pages += 1;
      if (pages % PAGES_BETWEEN !== 0) return;
      collect ??= runInNewContext('gc') as () => void;
      collect();
    },
  };
};
