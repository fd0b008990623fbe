import { describe, expect, it } from '@jest/globals';
import type { NoticeKind } from '../../../../../functions/spot-drain/decide/notice.ts';
import type {
  InstanceState,
  RecordedNotice,
} from '../../../../../functions/spot-drain/decide/recorded-notice.ts';
import { joinNotices } from '../../../../../functions/spot-drain/decide/recorded-notice.ts';
import { lifeOf, standingOf } from '../../../../../functions/spot-drain/decide/standing.ts';

const T0 = Date.parse('2026-11-20T03:12:00Z');
const at = (seconds: number) => T0 + seconds * 1000;

const notice = (kind: NoticeKind, seconds: number, change: Partial<RecordedNotice> = {}): RecordedNotice => ({
  id: `${kind}-${seconds}`,
  kind,
  time: at(seconds),
  want: 'drain',
  ...change,
});
const spot = (seconds: number) => notice('spot-interruption', seconds, { deadlineAt: at(seconds + 110) });
const hook = (seconds: number, token = 'a') =>
  notice('terminate-lifecycle', seconds, {
    deadlineAt: at(seconds + 900),
    lifecycle: { group: 'g', hook: 'h', token },
  });
const recorded = (seconds: number) => notice('rebalance', seconds, { want: 'record' });
const cordon = (seconds: number) =>
  notice('rebalance', seconds, { want: 'cordon', expiresAt: at(seconds + 3600) });
const state = (name: InstanceState, seconds: number) =>
  notice('state-change', seconds, { id: `${name}-${seconds}`, want: 'record', state: name });
const change = (seconds: number, options: { startsAt?: number; closed?: boolean; updated?: number } = {}) =>
  notice('maintenance', seconds, {
    ...(options.closed
      ? { want: 'record' as const }
      : { gates: [{ kind: 'time', at: at((options.startsAt ?? 5000) - 100) }] }),
    deadlineAt: at(options.startsAt ?? 5000),
    change: {
      arn: 'arn',
      code: 'REBOOT',
      updatedAt: at(options.updated ?? seconds),
      startsAt: at(options.startsAt ?? 5000),
      closed: options.closed ?? false,
    },
  });

const standing = (...notices: readonly RecordedNotice[]) => standingOf(joinNotices([], notices), false);
const idsOf = (notices: readonly RecordedNotice[]) => notices.map(({ id }) => id);

describe('what the notices of an instance ask for together', () => {
  it.each<[string, readonly RecordedNotice[], object]>([
    ['nothing', [], { wanted: 'record', holding: [], gated: [] }],
    ['a rebalance is only written down', [recorded(0)], { wanted: 'record' }],
    ['a cordon', [cordon(0)], { wanted: 'cordon', cause: 'rebalance', holding: [{ kind: 'rebalance' }] }],
    [
      'a spot warning escalates it',
      [cordon(0), spot(20)],
      { wanted: 'drain', cause: 'spot-interruption', noticedAt: at(20), deadlineAt: at(130) },
    ],
    [
      'a rebalance afterwards changes nothing about it',
      [spot(20), recorded(30)],
      { wanted: 'drain', deadlineAt: at(130) },
    ],
    [
      'the earliest deadline wins over a lifecycle action',
      [hook(10), spot(20)],
      { noticedAt: at(10), deadlineAt: at(130), cause: 'spot-interruption' },
    ],
    [
      'a lifecycle action alone gives its own deadline',
      [hook(10)],
      { deadlineAt: at(910), cause: 'terminate-lifecycle' },
    ],
    [
      'two hooks are two actions',
      [hook(10, 'b'), hook(11, 'a'), hook(12, 'b')],
      { lifecycle: [{ token: 'a' }, { token: 'b' }] },
    ],
    [
      'a drain that waits sets no deadline',
      [change(0)],
      { wanted: 'drain', gated: [{ kind: 'maintenance' }], holding: [] },
    ],
    [
      'one that does not wait is not dated back by one that does',
      [change(0), spot(500)],
      { noticedAt: at(500), deadlineAt: at(610), cause: 'spot-interruption' },
    ],
  ])('%s', (_, notices, expected) => {
    expect(standing(...notices)).toMatchObject(expected);
  });

  it('is nothing where it is only written down: no cause, and no time', () => {
    expect(standing(recorded(0))).toStrictEqual({
      since: 0,
      wanted: 'record',
      gated: [],
      holding: [],
      lifecycle: [],
    });
  });

  it('waits only as far as it has to wait for something', () => {
    const waiting = { ...change(10), want: 'cordon' as const };
    expect(idsOf(standing(cordon(0), waiting).gated)).toEqual(['maintenance-10']);
    expect(standing(spot(0)).gated).toEqual([]);
  });

  it('has its hooks in the order of their tokens', () => {
    for (const tokens of [
      ['a', 'b', 'c'],
      ['c', 'b', 'a'],
      ['b', 'c', 'a'],
    ]) {
      const { lifecycle } = standing(...tokens.map((token, index) => hook(index, token)));
      expect(lifecycle.map(({ token }) => token)).toEqual(['a', 'b', 'c']);
    }
  });

  it('is what was left to the owner, once the owner did not act', () => {
    const left = [notice('spot-interruption', 0, { want: 'observe', deadlineAt: at(110) })];
    expect(standingOf(left, false)).toMatchObject({ wanted: 'observe', holding: [] });
    expect(standingOf(left, false)).not.toHaveProperty('deadlineAt');
    expect(standingOf(left, true)).toMatchObject({
      wanted: 'drain',
      deadlineAt: at(110),
      holding: [{ kind: 'spot-interruption' }],
    });
  });

  it.each([
    ['a cordon', cordon(0), 'cordon'],
    ['what is only written down', recorded(0), 'record'],
  ])('is for %s as it was, once the owner did not act', (_, one, wanted) => {
    expect(standingOf([one], true)).toEqual(standingOf([one], false));
    expect(standingOf([one], true).wanted).toBe(wanted);
  });
});

describe('notices about one Health event', () => {
  it('hold in their newest form, in whatever order they are told', () => {
    const moved = change(60, { startsAt: 9000 });
    for (const notices of [
      [change(0), moved],
      [moved, change(0)],
    ]) {
      expect(standing(...notices).gated).toEqual([moved]);
    }
  });

  it('ask for nothing once it is closed', () => {
    expect(standing(change(0), change(60, { closed: true }))).toMatchObject({ wanted: 'record', gated: [] });
  });

  it('hold as they are told last where they are of the same time', () => {
    const first = { ...change(0), id: 'first' };
    const second = { ...change(0, { startsAt: 9000 }), id: 'second' };
    expect(idsOf(standing(second, first).gated)).toEqual(['second']);
  });

  it('hold as they were updated last, though an older one is told later', () => {
    const older = change(90, { startsAt: 9000, updated: -10 });
    expect(standing(change(0), older).gated).toEqual([change(0)]);
  });

  it('hold again where it is opened again', () => {
    expect(standing(change(0), change(60, { closed: true }), change(90)).gated).toHaveLength(1);
  });
});

describe('the lives of an instance', () => {
  it.each<[string, readonly RecordedNotice[], object]>([
    ['one that runs', [spot(0), state('running', 5)], { since: 0, notices: ['spot-interruption-0'] }],
    [
      'one that goes',
      [spot(0), state('shutting-down', 120), state('terminated', 150)],
      { since: 0, notices: ['spot-interruption-0'], departed: { state: 'terminated', at: at(150) } },
    ],
    [
      'a state that is told late',
      [spot(0), state('terminated', 150), state('shutting-down', 149)],
      { departed: { state: 'terminated', at: at(150) } },
    ],
    [
      'one that is stopped',
      [spot(0), state('stopping', 120), state('stopped', 140)],
      { since: 0, departed: { state: 'stopped', at: at(140) } },
    ],
    [
      'one that is back',
      [spot(0), state('stopping', 120), state('stopped', 140), state('running', 600)],
      { since: at(600), notices: [] },
    ],
    [
      'one that is back and warned again',
      [spot(0), state('stopped', 140), state('running', 600), spot(700)],
      { since: at(600), notices: ['spot-interruption-700'] },
    ],
    [
      'one that must be back, for it is warned again',
      [spot(0), state('stopped', 140), spot(700)],
      { since: at(700), notices: ['spot-interruption-700'] },
    ],
    [
      'one that has outlived its deadline, and is warned again',
      [spot(0), spot(111)],
      { since: at(111), notices: ['spot-interruption-111'] },
    ],
    [
      'one that has not outlived its deadline yet',
      [spot(0), spot(110)],
      { since: 0, notices: ['spot-interruption-0', 'spot-interruption-110'] },
    ],
    [
      'one that has outlived the deadline of a cordon',
      [notice('spot-interruption', 0, { want: 'cordon', deadlineAt: at(110) }), spot(120)],
      { since: at(120), notices: ['spot-interruption-120'] },
    ],
    [
      'one that is back before it had stopped',
      [spot(0), state('stopping', 60), state('running', 90)],
      { since: at(90), notices: [] },
    ],
    [
      'one that is only talked about after its deadline',
      [spot(0), recorded(111)],
      { since: 0, notices: ['spot-interruption-0', 'rebalance-111'] },
    ],
    [
      'one that is terminated, and can have no other',
      [state('terminated', 150), spot(160), state('running', 170)],
      { since: 0, departed: { state: 'terminated', at: at(150) } },
    ],
  ])('%s', (_, notices, { notices: ids, ...expected }: { notices?: string[] }) => {
    const life = lifeOf(joinNotices([], notices));
    expect(life).toMatchObject(expected);
    if (ids !== undefined) expect(idsOf(life.notices)).toEqual(ids);
    if (!('departed' in expected)) expect(life).not.toHaveProperty('departed');
  });
});

describe('joining notices', () => {
  it('gives the very same list where nothing is new', () => {
    const known = joinNotices([], [spot(0), recorded(10)]);
    expect(joinNotices(known, [recorded(10), spot(0), spot(0)])).toBe(known);
  });

  it('keeps each once, also where one is told twice at the same time', () => {
    expect(idsOf(joinNotices([recorded(10)], [spot(0), recorded(10), spot(0)]))).toEqual([
      'spot-interruption-0',
      'rebalance-10',
    ]);
  });

  it('sorts by time, at the same time what was announced before what happened, then by id', () => {
    const joined = joinNotices(
      [],
      [state('stopped', 5), state('stopping', 5), spot(5), recorded(5), cordon(1)],
    );
    expect(idsOf(joined)).toEqual([
      'rebalance-1',
      'rebalance-5',
      'spot-interruption-5',
      'stopping-5',
      'stopped-5',
    ]);
  });

  it('is the same whatever the order, also of what is told of the same second', () => {
    const told = [state('running', 5), spot(5), recorded(5), hook(5), cordon(6)];
    const ids = ['rebalance-5', 'spot-interruption-5', 'terminate-lifecycle-5', 'running-5', 'rebalance-6'];
    expect(idsOf(joinNotices([], told))).toEqual(ids);
    expect(idsOf(joinNotices([], told.toReversed()))).toEqual(ids);
  });

  it('keeps the last 200, and an older one that is told again changes nothing', () => {
    const many = Array.from({ length: 300 }, (_, index) => recorded(index));
    const kept = joinNotices([], many);
    expect(kept).toHaveLength(200);
    expect(kept[0]?.id).toBe('rebalance-100');
    expect(joinNotices(kept, [recorded(7)])).toBe(kept);
  });
});
