import { MalformedEventError } from '../core/errors.ts';

/** The input of a Scheduler tick. `cluster` limits it to one cluster (by hand, or a schedule per cluster). */
export interface Tick {
  readonly trigger: 'tick';
  readonly cluster?: string;
}

/** Parses a tick; anything that is not an object, or names a cluster by something else than text, is refused. */
export const parseTick = (event: unknown): Tick => {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    throw new MalformedEventError(
      'a tick is an object such as {"trigger":"tick"}; check the schedule\'s input',
    );
  }
  const { cluster, trigger } = event as { cluster?: unknown; trigger?: unknown };
  if (trigger !== undefined && trigger !== 'tick') {
    throw new MalformedEventError(
      `unknown trigger ${JSON.stringify(trigger)}: this entry knows "tick" alone`,
    );
  }
  if (cluster !== undefined && typeof cluster !== 'string') {
    throw new MalformedEventError('"cluster" of a tick is the name of a cluster');
  }
  return { trigger: 'tick', ...(cluster === undefined ? {} : { cluster }) };
};
