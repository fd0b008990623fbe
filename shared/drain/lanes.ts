import { FIRST_DELAY_MS, longerDelay } from './gates.ts';
import type { LaneVerdict } from './pace.ts';

/**
 * The lanes of a pace. Evictions of one budget write its status one after the other, and the API server makes those
 * that lose that race wait half a second; a budget that refuses one pod refuses them all. So a lane has few places,
 * and after a refusal one, later: what a gate is to the drain of one node, a lane is to all nodes of a batch.
 */
export interface Lanes {
  /** When one more may begin (epoch ms); undefined where somebody has to leave first. */
  freeAt(lane: string, now: number): number | undefined;
  enter(lane: string): void;
  leave(lane: string, verdict: LaneVerdict, now: number): void;
}

/** Places in all lanes together, one in each at the least. */
const PLACES = 8;

interface Lane {
  running: number;
  closedUntil: number;
  delayMs: number;
  /** One after a refusal, twice as many after each that was let go. */
  atOnce: number;
}

export const createLanes = (): Lanes => {
  const lanes = new Map<string, Lane>();
  const newLane = (): Lane => ({ running: 0, closedUntil: 0, delayMs: 0, atOnce: PLACES });

  /** Lanes among which the places are divided. */
  const busy = () => [...lanes.values()].filter(({ running }) => running > 0).length;

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
    lane.atOnce = Math.min(lane.atOnce * 2, PLACES);
  };

  return {
    freeAt: (name, now) => {
      const lane = lanes.get(name);
      if (lane === undefined) return now;
      const places = Math.max(1, Math.floor(PLACES / busy()));
      if (lane.running >= Math.min(places, lane.atOnce)) return undefined;
      return Math.max(now, lane.closedUntil);
    },
    enter: (name) => {
      const lane = lanes.get(name) ?? newLane();
      lane.running += 1;
      lanes.set(name, lane);
    },
    leave: (name, verdict, now) => {
      const lane = lanes.get(name);
      if (lane === undefined) return;
      lane.running -= 1;
      if (verdict === 'refused') refuse(lane, now);
      if (verdict === 'granted') grant(lane, now);
    },
  };
};
