import { describe, expect, it } from '@jest/globals';
import { spotDrainSchema } from '../../../../../functions/spot-drain/config.ts';
import { mergeNotices } from '../../../../../functions/spot-drain/decide/merge.ts';
import type { Step, View } from '../../../../../functions/spot-drain/decide/next.ts';
import { nextStep } from '../../../../../functions/spot-drain/decide/next.ts';
import { outOfServiceStep } from '../../../../../functions/spot-drain/decide/out-of-service.ts';
import type { InstanceState } from '../../../../../functions/spot-drain/decide/recorded-notice.ts';

const T0 = Date.parse('2026-11-20T03:12:00Z');
const seconds = (count: number) => T0 + count * 1_000;
const SEED = {
  cluster: 'staging',
  instanceId: 'i-1',
  node: { name: 'node-1', uid: 'uid' },
  owner: 'managed' as const,
};
const ASKED = spotDrainSchema.parse({ outOfServiceTaint: true });
const departed = (state: InstanceState) =>
  mergeNotices(undefined, SEED, [{ id: 's', kind: 'state-change', time: T0, want: 'record', state }]);

type Row = readonly [string, InstanceState | undefined, Partial<View>, Step | undefined];

const LOOK: Step = { kind: 'look-at-instance' };
const TAINT: Step = { kind: 'taint-out-of-service' };
const REST: Step = { kind: 'rest', lookAt: seconds(30) };

describe('the taint that frees the volumes of a terminated instance', () => {
  it.each<Row>([
    ['waits for EC2 to say it', 'terminated', {}, LOOK],
    ['comes when EC2 says it', 'terminated', { instanceState: 'terminated' }, TAINT],
    ['waits while EC2 says something else', 'terminated', { instanceState: 'shutting-down' }, REST],
    [
      'waits five minutes',
      'terminated',
      { now: seconds(299), instanceState: 'running' },
      { ...REST, lookAt: seconds(319) },
    ],
    ['and no longer', 'terminated', { now: seconds(300), instanceState: 'running' }, undefined],
    [
      'comes after that where EC2 says it at last',
      'terminated',
      { now: seconds(900), instanceState: 'terminated' },
      TAINT,
    ],
    ['is not put on in observe', 'terminated', { acts: false, instanceState: 'terminated' }, undefined],
    [
      'is not put on a node that is gone',
      'terminated',
      { node: 'gone', instanceState: 'terminated' },
      undefined,
    ],
    ['is not for one that shuts down', 'shutting-down', { instanceState: 'terminated' }, undefined],
    ['is not for one that is stopped', 'stopped', { instanceState: 'terminated' }, undefined],
    ['is not for one that runs', 'running', { instanceState: 'terminated' }, undefined],
  ])('%s', (_, state, view, expected) => {
    const record = departed(state ?? 'running');
    expect(outOfServiceStep(record, { now: seconds(10), acts: true, ...view }, ASKED)).toEqual(expected);
  });

  it('is put on once', () => {
    const record = { ...departed('terminated'), outOfServiceAt: seconds(5) };
    const view = { now: seconds(10), acts: true, instanceState: 'terminated' };
    expect(outOfServiceStep(record, view, ASKED)).toBeUndefined();
    expect(nextStep(record, view, ASKED)).toEqual({ kind: 'rest' });
  });

  it('is what a record of a terminated instance comes to, where it is asked for', () => {
    const view = { now: seconds(10), acts: true, instanceState: 'terminated' };
    expect(nextStep(departed('terminated'), view, ASKED)).toEqual(TAINT);
    expect(nextStep(departed('terminated'), view, spotDrainSchema.parse({}))).toEqual({ kind: 'rest' });
  });
});
