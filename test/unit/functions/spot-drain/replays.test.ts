import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { standingOfRecord } from '../../../../functions/spot-drain/decide/merge.ts';
import type { DrainRecord } from '../../../../functions/spot-drain/decide/record.ts';
import { createScene, eventOf, instanceIdOf } from '../../../fixtures/spot-drain-scene.ts';

/**
 * Whole histories through the intake itself, delivered as SQS may: in any order, in any batches, each at least once,
 * some of them long after their time. EC2 says throughout what it says in the end.
 */

const INSTANCES = [1, 2, 3] as const;
const NODES = INSTANCES.map((number) => ({ name: `node-${number}`, instanceId: instanceIdOf(number) }));
/** Before the clock of a scene starts. */
const BEGIN = Date.parse('2026-11-20T02:00:00Z');

type Event = Record<string, unknown>;

const timed = fc.record({
  instance: fc.constantFrom(...INSTANCES),
  minute: fc.integer({ min: 0, max: 71 }),
  second: fc.integer({ min: 0, max: 59 }),
});

const notice = fc
  .tuple(
    fc.constantFrom(
      'ec2-spot-interruption',
      'ec2-rebalance-recommendation',
      'autoscaling-terminate-lifecycle',
      'autoscaling-direct-lifecycle',
      'health-retirement',
      'health-reboot',
    ),
    timed,
    fc.boolean(),
  )
  .map(([name, { instance, minute, second }, isClosed]): Event => {
    const time = new Date(BEGIN + minute * 60_000 + second * 1000).toISOString().replace('.000Z', 'Z');
    const unique = `${name}-${instance}-${minute}-${second}`;
    switch (name) {
      case 'health-retirement':
      case 'health-reboot':
        return eventOf(name, {
          instance,
          id: unique,
          time,
          detail: {
            communicationId: `${unique}-${isClosed}`,
            lastUpdatedTime: new Date(Date.parse(time)).toUTCString(),
            statusCode: isClosed ? 'closed' : 'upcoming',
          },
        });
      case 'autoscaling-terminate-lifecycle':
        return eventOf(name, { instance, id: unique, time, detail: { LifecycleActionToken: unique } });
      case 'autoscaling-direct-lifecycle':
        return eventOf(name, {
          instance,
          time,
          detail: { RequestId: unique, LifecycleActionToken: `${minute}` },
        });
      default:
        return eventOf(name, { instance, id: unique, time });
    }
  });

/** Stops and starts of one instance, one after the other. */
const comings = fc
  .tuple(
    fc.constantFrom(...INSTANCES),
    fc.uniqueArray(fc.integer({ min: 0, max: 71 }), { minLength: 1, maxLength: 3 }),
  )
  .map(([instance, minutes]) => {
    const sorted = [...minutes].sort((a, b) => a - b);
    const states = sorted.map((_, index) => (index % 2 === 0 ? 'stopped' : 'running'));
    const events = sorted.map((minute, index) =>
      eventOf('ec2-state-change', {
        instance,
        id: `${states[index]}-${instance}-${minute}`,
        time: new Date(BEGIN + minute * 60_000).toISOString().replace('.000Z', 'Z'),
        detail: { state: states[index] },
      }),
    );
    return { instance, events, last: states.at(-1) ?? 'running' };
  });

const history = fc.record({
  notices: fc.array(notice, { minLength: 1, maxLength: 8 }),
  comings: fc.uniqueArray(comings, { selector: ({ instance }) => instance, maxLength: 3 }),
});

const deliveries = (events: readonly Event[]) =>
  fc.record({
    order: fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
    sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 10 }),
    /** Between two batches. */
    pauseMs: fc.constantFrom(0, 500, 30_000),
  });

const everything = history.chain(({ notices, comings: moves }) => {
  const events = [...notices, ...moves.flatMap((move) => move.events)];
  return fc.record({
    events: fc.constant(events),
    states: fc.constant(moves.map(({ instance, last }) => [instance, { state: last }] as const)),
    first: deliveries(events),
    second: deliveries(events),
  });
});

/**
 * What the record says about the events; when it was done what has to be done is another matter, and so is what EC2 said
 * where the event had not come yet.
 */
const known = (record: DrainRecord) => ({
  key: [record.cluster, record.instanceId, record.node.uid],
  notices: record.notices.filter(({ id }) => !id.startsWith('ec2#')),
  standing: standingOfRecord(record),
  wanted: record.wanted,
  cause: record.cause,
  departed: record.departed,
  tokens: record.lifecycle.map(({ token }) => token),
});

type Delivery = { order: readonly Event[]; sizes: readonly number[]; pauseMs: number };

const recordsAfter = async (
  { order, sizes, pauseMs }: Delivery,
  states: readonly (readonly [number, { state: string }])[],
) => {
  const scene = createScene({
    nodes: NODES,
    instances: Object.fromEntries(states),
    section: {
      autoScalingNotifications: { topics: [], roles: ['arn:aws:iam::111122223333:role/asg'] },
    },
  });
  const left = [...order];
  for (let batch = 0; left.length > 0; batch += 1) {
    const failed = await scene.intake(...left.splice(0, sizes[batch % sizes.length]));
    expect(failed).toEqual([]);
    await scene.clock.sleep(pauseMs);
  }
  return scene
    .records()
    .map(({ record }) => known(record as DrainRecord))
    .sort((a, b) => (a.key.join() < b.key.join() ? -1 : 1));
};

describe('the whole history of events', () => {
  it('ends in the same records, in whatever order, batches and repetitions it is delivered', async () => {
    await fc.assert(
      fc.asyncProperty(everything, async ({ first, second, states }) => {
        const expected = await recordsAfter(first, states);
        expect(expected.length).toBeGreaterThan(0);
        expect(await recordsAfter(second, states)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});
