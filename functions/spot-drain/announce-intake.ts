import { describeError } from '../../shared/core/errors.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { CordonedNode } from './announce.ts';
import { announceCordon } from './announce.ts';
import type { DrainRecord } from './decide/record.ts';
import type { Followed } from './follow.ts';
import { inTime, KEPT_MS } from './in-time.ts';
import type { IntakeDeps } from './intake.ts';

/** Whoever owns nodes and did not act on them: one notification for all of a batch. */
const tellUnattended = async (
  deps: IntakeDeps,
  cluster: string,
  records: readonly DrainRecord[],
): Promise<void> => {
  const owners = [...new Set(records.map(({ owner }) => owner))].join(', ');
  const nodes = records.map(({ node }) => node.name).join(', ');
  const subject = `${cluster}: ${owners} did not act on ${records.length} node(s) that AWS takes away`;
  try {
    await deps.notifier.notify({
      cluster,
      subject,
      text: [
        `Cluster ${cluster}: ten seconds after the event there was no disruption taint on ${nodes}.`,
        'Karpenter acts on such events only with an interruption queue: check settings.interruptionQueue of its Helm chart.',
        'The nodes are cordoned and drained by spot-drain instead, as far as its mode allows.',
      ].join('\n'),
    });
  } catch (error) {
    deps.logger.warn('a notification could not be sent', { subject, error: describeError(error) });
  }
};

const writeEvents = async (
  deps: IntakeDeps,
  api: () => Promise<KubernetesApi>,
  cordoned: readonly CordonedNode[],
): Promise<void> => {
  if (cordoned.length === 0) return;
  const connected = await api();
  await Promise.all(
    cordoned.map((each) =>
      announceCordon(deps, connected, { ...each, component: 'eks-caretaker-spot-drain' }),
    ),
  );
};

/** What people are told comes last: it must not hold up anything, and is given up where it does. */
export const announceAll = async (
  deps: IntakeDeps,
  told: {
    readonly cluster: string;
    readonly followed: readonly Followed[];
    readonly call: Call;
    readonly api: () => Promise<KubernetesApi>;
  },
): Promise<void> => {
  const { cluster, followed, call, api } = told;
  const cordoned = followed.flatMap((each) => (each.cordoned === undefined ? [] : [each.cordoned]));
  const unattended = followed.flatMap(({ record, unattended }) => (unattended ? [record] : []));
  const telling = Promise.all([
    unattended.length === 0 ? undefined : tellUnattended(deps, cluster, unattended),
    writeEvents(deps, api, cordoned),
  ]);
  try {
    await inTime(deps.clock, call.deadline.remainingMs() - KEPT_MS.telling, telling);
  } catch (error) {
    deps.logger.warn('not all could be told what was done', { cluster, error: describeError(error) });
  }
};
