import { create, patch } from './objects.ts';
import type { Side } from './side.ts';
import type { Place } from './workloads.ts';

const HOUR_MS = 3_600_000;

export interface FailedPod {
  readonly name: string;
  /** `status.reason`; `Terminated` where left out. */
  readonly reason?: string;
  readonly message?: string;
  /** An hour where left out. */
  readonly failedMinutesAgo?: number;
  /** Succeeded is what a shutdown leaves of containers that ended well. */
  readonly phase?: 'Failed' | 'Succeeded';
  /** The kubelet refused it: no container ever ran. */
  readonly refused?: true;
}

const SHUTDOWN = 'Pod was terminated in response to imminent node shutdown.';

/** What a kubelet leaves of a pod that it ended or refused. */
const statusOf = (side: Side, pod: FailedPod): object => {
  const { reason = 'Terminated', message = SHUTDOWN, phase = 'Failed' } = pod;
  const failedAt = pod.failedMinutesAgo === undefined ? HOUR_MS : pod.failedMinutesAgo * 60_000;
  const at = new Date(side.scene.account.clock.now() - failedAt).toISOString().replace(/\.\d+/, '');
  const disrupted = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'TerminationByKubelet',
    message,
    lastTransitionTime: at,
  };
  const common = { phase, reason, message, startTime: at };
  if (pod.refused) return { ...common, conditions: [], containerStatuses: null };
  const exitCode = phase === 'Failed' ? 143 : 0;
  return {
    ...common,
    conditions: [disrupted, { type: 'Ready', status: 'False', lastTransitionTime: at }],
    containerStatuses: [
      {
        name: 'main',
        image: 'registry.example.com/main:1',
        imageID: 'registry.example.com/main@sha256:0',
        ready: false,
        restartCount: 0,
        state: { terminated: { exitCode, reason: 'Error', startedAt: at, finishedAt: at } },
      },
    ],
  };
};

/** Makes a pod one that a kubelet ended, by its status alone, as kubelets do. */
export const failPod = (side: Side, { namespace }: Place, pod: FailedPod): Promise<unknown> =>
  patch(side, `/api/v1/namespaces/${namespace}/pods/${pod.name}/status`, { status: statusOf(side, pod) });

/** Workloads without pods, for pods to name as their owner: the garbage collector removes those of owners that are not there. */
export const createOwner = async (
  side: Side,
  { namespace }: Place,
  kind: 'ReplicaSet' | 'StatefulSet' | 'DaemonSet' | 'Job',
  spec: object,
): Promise<object> => {
  const [group, name] = [kind === 'Job' ? 'batch' : 'apps', `owner-${kind.toLowerCase()}`];
  const labels = { owner: kind };
  const { metadata } = await create<{ metadata: { uid: string } }>(
    side,
    `/apis/${group}/v1/namespaces/${namespace}/${kind.toLowerCase()}s`,
    {
      apiVersion: `${group}/v1`,
      kind,
      metadata: { name, namespace },
      spec: {
        ...(kind === 'Job' ? {} : { selector: { matchLabels: labels } }),
        template: {
          metadata: { labels },
          spec: {
            containers: [{ name: 'main', image: 'registry.example.com/main:1' }],
            ...(kind === 'Job' ? { restartPolicy: 'Never' } : { nodeSelector: { nowhere: 'yes' } }),
          },
        },
        ...spec,
      },
    },
  );
  // Not as its controller: that would look after the pod.
  return { apiVersion: `${group}/v1`, kind, name, uid: metadata.uid };
};
