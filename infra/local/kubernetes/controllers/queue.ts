import type { WorldClock } from '../../clock.ts';
import type { Deletion } from '../deletion.ts';
import type { Change, ObjectStore } from '../store.ts';

export interface ControllerContext {
  readonly store: ObjectStore;
  readonly clock: WorldClock;
  readonly deletion: Deletion;
  /** What a kubelet reports as imageID of an image. */
  readonly imageIdOf?: (image: string) => string | undefined;
}

/** Told of every change; what it then does, it does from its queue, never in the middle of somebody's write. */
export interface Controller {
  onChange(change: Change): void;
  stop(): void;
}

/**
 * Keys that want work. The first one asks the world's clock for a turn at the present instant, so that changes
 * made together are worked on together and nothing ever polls.
 */
export interface Queue {
  add(key: string): void;
  /** Does what is waiting now. */
  settle(): void;
  stop(): void;
}

export const createQueue = (clock: WorldClock, work: (key: string) => void): Queue => {
  const waiting = new Set<string>();
  let cancel: (() => void) | undefined;
  const settle = () => {
    cancel?.();
    cancel = undefined;
    for (const key of waiting) {
      waiting.delete(key);
      work(key);
    }
  };
  return {
    add: (key) => {
      waiting.add(key);
      cancel ??= clock.schedule(clock.now(), settle);
    },
    settle,
    stop: () => {
      cancel?.();
      waiting.clear();
    },
  };
};

/** `namespace/name` and back. */
export const keyOf = ({ metadata }: { metadata: { namespace?: string; name: string } }): string =>
  `${metadata.namespace ?? ''}/${metadata.name}`;

export const splitKey = (key: string): { namespace: string; name: string } => {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
};
