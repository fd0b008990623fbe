import { FIRST_DELAY_MS, longerDelay } from './gates.ts';
import type { LaneVerdict } from './pace.ts';

/** What became of a task of a lane. Epoch ms. */
export interface LaneAnswer {
  readonly verdict: LaneVerdict;
  readonly begunAt: number;
  readonly now: number;
}

/**
 * The lanes of a pace. Evictions of one budget write its status one after the other, and the API server makes those
 * that lose that race wait half a second; a budget that refuses one pod refuses them all. So a lane has few places,
 * and after a refusal one, later: what a gate is to the drain of one node, a lane is to all nodes of a batch.
 */
export interface Lanes {
  /** When one more may begin (epoch ms); undefined where somebody has to leave first. */
  freeAt(lane: string, now: number): number | undefined;
  enter(lane: string): void;
  leave(lane: string, answer: LaneAnswer): void;
}

/** Places in one lane, at the most. */
const PLACES_A_LANE = 8;
/** Of all lanes together, to begin with; one more for each answer that comes in time, until the first one is late. */
const FIRST_PLACES = 4;
/** Of all lanes together: more requests at once do not let more of them through. */
const MOST_PLACES = 32;
/**
 * An eviction that takes so long has lost the race for its budget's status: the server tries again after 500 ms, up to
 * twenty times (kubernetes, pkg/registry/core/pod/storage/eviction.go, EvictionsRetry). Or the server is busy;
 * either way more requests at once are no help.
 */
const LATE_MS = 500;

interface Lane {
  running: number;
  closedUntil: number;
  delayMs: number;
  /** One after a refusal, twice as many after each that was let go. */
  atOnce: number;
}

/**
 * The places of all lanes together. Workers do not know each other: when several race for the same budgets, each sees
 * it by late answers. One place fewer for each round of them, one more for each round that was in time: a race is
 * lost to the disruption controller every now and then, and halving would leave a drain that is alone too few.
 */
const createPlaces = () => {
  let places = FIRST_PLACES;
  let slowedAt = Number.NEGATIVE_INFINITY;
  let wasSlow = false;
  return {
    count: () => Math.floor(places),
    note: ({ verdict, begunAt, now }: LaneAnswer) => {
      if (now - begunAt < LATE_MS) {
        if (verdict === 'granted') places = Math.min(MOST_PLACES, places + (wasSlow ? 1 / places : 1));
        return;
      }
      // Those that were under way by then are late for the same reason.
      if (begunAt < slowedAt) return;
      slowedAt = now;
      wasSlow = true;
      places = Math.max(1, places - 1);
    },
  };
};

export const createLanes = (): Lanes => {
  const lanes = new Map<string, Lane>();
  const places = createPlaces();
  const newLane = (): Lane => ({ running: 0, closedUntil: 0, delayMs: 0, atOnce: PLACES_A_LANE });

  /** How many are under way, and in how many lanes. */
  const busy = () => {
    const running = [...lanes.values()].map((lane) => lane.running).filter((count) => count > 0);
    return { lanes: running.length, tasks: running.reduce((sum, count) => sum + count, 0) };
  };

  const refuse = (lane: Lane, now: number) => {
    // Late answers of one burst count once.
    if (now < lane.closedUntil) return;
    const wasProbe = lane.delayMs > 0;
    lane.delayMs = wasProbe ? longerDelay(lane.delayMs) : FIRST_DELAY_MS;
    lane.closedUntil = now + lane.delayMs;
    lane.atOnce = 1;
  };

  const grant = (lane: Lane, now: number) => {
    lane.closedUntil = Math.min(lane.closedUntil, now);
    lane.delayMs = 0;
    lane.atOnce = Math.min(lane.atOnce * 2, PLACES_A_LANE);
  };

  return {
    freeAt: (name, now) => {
      const under = busy();
      if (under.tasks >= places.count()) return undefined;
      const lane = lanes.get(name);
      if (lane === undefined) return now;
      const share = Math.max(1, Math.floor(places.count() / under.lanes));
      if (lane.running >= Math.min(share, lane.atOnce, PLACES_A_LANE)) return undefined;
      return Math.max(now, lane.closedUntil);
    },
    enter: (name) => {
      const lane = lanes.get(name) ?? newLane();
      lane.running += 1;
      lanes.set(name, lane);
    },
    leave: (name, answer) => {
      const lane = lanes.get(name);
      if (lane === undefined) return;
      lane.running -= 1;
      places.note(answer);
      if (answer.verdict === 'refused') refuse(lane, answer.now);
      if (answer.verdict === 'granted') grant(lane, answer.now);
    },
  };
};
