import { describe, expect, it } from '@jest/globals';
import type { DrainRecord } from '../../../../functions/spot-drain/decide/record.ts';
import type { Followed } from '../../../../functions/spot-drain/follow.ts';
import { lookAgain } from '../../../../functions/spot-drain/start-worker.ts';
import { createScene } from '../../../fixtures/spot-drain-scene.ts';

/** What is sent for records that want to be looked at after so many seconds: instances by delay. */
const sentFor = async (...seconds: readonly number[]) => {
  const { deps, clock, checks } = createScene();
  const followed = seconds.map(
    (after, index): Followed => ({
      record: { cluster: 'staging', instanceId: `i-${index}`, node: { name: '', uid: '' } } as DrainRecord,
      lookAt: clock.now() + after * 1000,
    }),
  );
  await lookAgain(deps, 'staging', followed);
  return checks.map(({ message, delaySeconds }) => [
    delaySeconds,
    (message as { records: { instanceId: string }[] }).records.map(({ instanceId }) => instanceId),
  ]);
};

describe('looks that are due soon', () => {
  it('are one message for all that are due within five seconds, as late as the last of them', async () => {
    expect(await sentFor(12, 16.2, 14)).toEqual([[17, ['i-1', 'i-2', 'i-0']]]);
  });

  it('are another message from there on', async () => {
    expect(await sentFor(10, 16, 15, 4)).toEqual([
      [16, ['i-1', 'i-2']],
      [10, ['i-0']],
      [4, ['i-3']],
    ]);
  });

  it('are nothing where nobody waits for anything', async () => {
    expect(await sentFor()).toEqual([]);
  });
});

describe('looks that are promised', () => {
  it('come to the second, whatever else comes near them', async () => {
    expect((await sentFor(60, 62, 59, 900, 4_000)).map(([delaySeconds]) => delaySeconds).sort()).toEqual(
      [59, 60, 62, 900].sort(),
    );
  });
});
