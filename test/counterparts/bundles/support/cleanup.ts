import { envelope, instanceStateChange } from '../../../../infra/local/world/events.ts';
import type { Instance } from '../../../../infra/local/world/instances.ts';
import type { Verdict } from '../../../../shared/core/verdict.ts';
import { placeOf as whereAndWhen } from '../../../e2e/support/spot-drain.ts';
import type { FailedPod } from './failed-pods.ts';
import { failPod } from './failed-pods.ts';
import { podsIn } from './objects.ts';
import type { Side } from './side.ts';
import type { Place } from './workloads.ts';
import { createPod } from './workloads.ts';

/** What the suites of pod-cleanup do on either side. */

/** Pods run on every node of the group. */
export const placeIn = (namespace: string): Place => ({ namespace, nodeSelector: { role: 'spot' } });

export const invoke = async (side: Side, entryId: string, event: object): Promise<readonly Verdict[]> => {
  const before = side.scene.verdicts().length;
  await side.scene.account.invoke(entryId, event);
  return side.scene.verdicts().slice(before);
};
export const clean = (side: Side) => invoke(side, 'pod-cleanup', { trigger: 'tick' });

export const names = async (side: Side, { namespace }: Place): Promise<readonly string[]> =>
  (await podsIn(side, namespace)).map(({ metadata }) => metadata.name).toSorted();

/** `name action: reason` of the pods of a namespace. */
export const said = (verdicts: readonly Verdict[], { namespace }: Place): readonly string[] =>
  verdicts
    .filter(({ target }) => target.startsWith(`pod/${namespace}/`))
    .map(({ target, action, reason }) => `${target.split('/')[2]} ${action}: ${reason}`)
    .toSorted();

/**
 * Neither a kubelet nor the scheduler looks at such a pod: either would write into its status, and the time at which
 * the scheduler finds no node is later than the one at which the pod is to have failed.
 */
const NOBODYS = { nodeSelector: { nowhere: 'yes' }, schedulerName: 'nobody' };

export const createFailed = async (
  side: Side,
  place: Place,
  pods: readonly (FailedPod & { metadata?: object })[],
): Promise<void> => {
  for (const { metadata = {}, ...pod } of pods) {
    await createPod(side, place, { name: pod.name, metadata, spec: NOBODYS });
    await failPod(side, place, pod);
  }
};

/** EC2 says that an instance is terminated, whether it is or not. */
export const sayTerminated = (side: Side, { id, arn }: Pick<Instance, 'id' | 'arn'>) =>
  invoke(
    side,
    'pod-cleanup-verify',
    envelope(instanceStateChange(id, arn, 'terminated'), {
      ...whereAndWhen(side.scene),
      id: `terminated-${id}`,
    }),
  );
