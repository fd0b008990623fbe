import { describeError } from '../../shared/core/errors.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import { announceCordon } from './announce.ts';
import type { DrainRecord } from './decide/record.ts';
import type { Followed } from './follow.ts';
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

/** What people are told comes last: it must not hold up anything. */
export const announceAll = async (
  deps: IntakeDeps,
  {
    cluster,
    followed,
    api,
  }: { cluster: string; followed: readonly Followed[]; api: () => Promise<KubernetesApi> },
): Promise<void> => {
  const cordoned = followed.flatMap((each) => (each.cordoned === undefined ? [] : [each.cordoned]));
  const unattended = followed.flatMap(({ record, unattended }) => (unattended ? [record] : []));
  if (unattended.length > 0) await tellUnattended(deps, cluster, unattended);
  if (cordoned.length === 0) return;
  try {
    const connected = await api();
    await Promise.all(
      cordoned.map((each) =>
        announceCordon(deps, connected, { ...each, component: 'eks-caretaker-spot-drain' }),
      ),
    );
  } catch (error) {
    deps.logger.warn('events could not be written on nodes', { cluster, error: describeError(error) });
  }
};
