import { createHash } from 'node:crypto';
import type { WorldClock } from '../clock.ts';
import type { AwsEvent, NewEvent } from './events.ts';
import { envelope } from './events.ts';

/** What every part of a world stands on: where it is, its clock, its identifiers, its event bus. */
export interface Ground {
  readonly accountId: string;
  readonly region: string;
  readonly clock: WorldClock;
  /** Hex digits that the same world makes again in the same order: a run can be repeated from its seed. */
  newHex(length: number): string;
  newUuid(): string;
  /** Publishes an event as an AWS service would. */
  emit(event: NewEvent): void;
  onEvent(listener: (event: AwsEvent) => void): () => void;
  /** Runs `run` in so many seconds of the world's time. */
  after(seconds: number, run: () => void): () => void;
}

export const createGround = (options: {
  accountId: string;
  region: string;
  seed: string;
  clock: WorldClock;
}): Ground => {
  const { accountId, region, clock } = options;
  const listeners = new Set<(event: AwsEvent) => void>();
  let drawn = 0;
  const newHex = (length: number): string => {
    drawn++;
    return createHash('sha256').update(`${options.seed}/${drawn}`).digest('hex').slice(0, length);
  };
  const newUuid = (): string => {
    const hex = newHex(32);
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      `a${hex.slice(17, 20)}`,
      hex.slice(20),
    ].join('-');
  };
  return {
    accountId,
    region,
    clock,
    newHex,
    newUuid,
    emit: (event) => {
      const published = envelope(event, { accountId, region, now: clock.now(), id: newUuid() });
      for (const listener of listeners) listener(published);
    },
    onEvent: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    after: (seconds, run) => clock.schedule(clock.now() + seconds * 1000, run),
  };
};
