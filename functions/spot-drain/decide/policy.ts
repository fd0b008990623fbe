import type { SpotDrainConfig } from '../config.ts';
import type { Notice } from './notice.ts';
import type { Owner } from './owner.ts';
import type { RecordedNotice, Want } from './recorded-notice.ts';
import type { ActionableKind } from './settings.ts';
import { policyFor } from './settings.ts';

const MINUTE_MS = 60_000;
const NOTICE_MS = 120_000; // EC2: a spot instance goes two minutes after its warning

type Asking = Pick<RecordedNotice, 'deadlineAt' | 'gates' | 'expiresAt'>;

/** When, and until when, something is done about each kind of event; epoch ms, from the event's own times alone. */
const TIMES: Readonly<Record<ActionableKind, (notice: Notice, settings: SpotDrainConfig) => Asking>> = {
  'spot-interruption': ({ time }, { deadlineMarginSeconds }) => ({
    deadlineAt: time + NOTICE_MS - deadlineMarginSeconds * 1000,
  }),
  'terminate-lifecycle': ({ time }, { lifecycleHoldMinutes }) => ({
    deadlineAt: time + lifecycleHoldMinutes * MINUTE_MS,
  }),
  rebalance: ({ time }, { rebalanceCordonMinutes, rebalanceReplacementMinutes }) => ({
    expiresAt: time + rebalanceCordonMinutes * MINUTE_MS,
    gates:
      rebalanceReplacementMinutes === 0
        ? [{ kind: 'time', at: time }]
        : [{ kind: 'replacement', until: time + rebalanceReplacementMinutes * MINUTE_MS }],
  }),
  retirement: (notice, settings) => {
    const { gates, ...times } = beforeTheChange(notice, settings);
    return { ...times, gates: [{ kind: 'turn' }, ...gates] };
  },
  maintenance: (notice, settings) => beforeTheChange(notice, settings),
};

const beforeTheChange = (
  { change, time }: Notice,
  { maintenanceLeadMinutes, deadlineMarginSeconds }: SpotDrainConfig,
): Required<Pick<Asking, 'deadlineAt' | 'gates'>> => {
  const startsAt = change?.startsAt ?? time;
  return {
    deadlineAt: startsAt - deadlineMarginSeconds * 1000,
    gates: [{ kind: 'time', at: startsAt - maintenanceLeadMinutes * MINUTE_MS }],
  };
};

/** Karpenter and Auto Mode leave rebalance recommendations alone, as they say themselves. */
const LEFT_TO: Readonly<Record<Owner, string>> = {
  karpenter: 'left-to-karpenter',
  'auto-mode': 'left-to-auto-mode',
  managed: 'left-to-others',
  'self-managed': 'left-to-others',
};

const wantedBy = (
  notice: Notice,
  owner: Owner,
  settings: SpotDrainConfig,
): { want: Want; reason: string } => {
  const kind = notice.kind === 'state-change' ? 'rebalance' : notice.kind;
  if (notice.change?.closed) return { want: 'record', reason: 'scheduled-change-closed' };
  if (notice.lifecycle !== undefined && !settings.lifecycleHooks.includes(notice.lifecycle.hook)) {
    return { want: 'record', reason: 'hook-not-configured' };
  }
  const action = policyFor(settings, kind, owner);
  if (action === 'observe') {
    // Only those two say what they do, by a taint; a rebalance is nothing that they would act on.
    const canBeSeen = (owner === 'karpenter' || owner === 'auto-mode') && kind !== 'rebalance';
    return { want: canBeSeen ? 'observe' : 'record', reason: LEFT_TO[owner] };
  }
  if (action === 'record') {
    return {
      want: 'record',
      reason: kind === 'rebalance' ? 'rebalance-recommendation' : 'policy-says-record',
    };
  }
  // EC2 begins to hibernate at once. What runs there goes on when the instance is back.
  if (notice.instanceAction === 'hibernate') return { want: 'cordon', reason: 'hibernation-leaves-no-time' };
  if (kind === 'retirement' || kind === 'maintenance') return { want: action, reason: `${kind}-scheduled` };
  return { want: action, reason: kind };
};

/** A notice as the record keeps it, by the policy for its event and the node's owner; and the reason for a verdict. */
export const askingFor = (
  notice: Notice,
  owner: Owner,
  settings: SpotDrainConfig,
): { recorded: RecordedNotice; reason: string } => {
  const { id, kind, time, instanceAction, lifecycle, change } = notice;
  const { want, reason } = wantedBy(notice, owner, settings);
  const times = want === 'record' || kind === 'state-change' ? {} : TIMES[kind](notice, settings);
  // A cordon waits for nobody's turn, but it does wait for the time of a maintenance.
  const gates = want === 'cordon' && kind !== 'maintenance' ? undefined : times.gates;
  const { gates: _all, ...ends } = times;
  return {
    reason,
    recorded: {
      id,
      kind,
      time,
      want,
      ...ends,
      ...(gates === undefined ? {} : { gates }),
      ...(instanceAction === undefined ? {} : { instanceAction }),
      ...(lifecycle === undefined ? {} : { lifecycle }),
      ...(change === undefined ? {} : { change }),
    },
  };
};
