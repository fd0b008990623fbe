import type { Condition, Pod } from '../objects.ts';
import { isFinished, isReady, isTerminating, timestamp, withCondition } from '../objects.ts';
import { foreignImageId } from './foreign-images.ts';
import { deletePod } from './pods.ts';
import type { Controller, ControllerContext } from './queue.ts';

/** Seconds that a pod takes to stop once it was asked to; 1 without it. */
export const stopSecondsAnnotation = 'local.eks-caretaker/stop-seconds';
/** Gives a pod's imageID where no resolver knows the image. */
export const imageIdAnnotation = 'local.eks-caretaker/image-id';

const startMs = 2000;

interface Timer {
  readonly kind: 'start' | 'stop';
  readonly at: number;
  readonly cancel: () => void;
}

/**
 * The kubelets of all nodes: bound pods run and are ready after two seconds, pods with a deletionTimestamp are gone
 * when they have stopped, at the latest when their grace is over. A node that is not Ready has no kubelet.
 */
export const createKubelets = (context: ControllerContext): Controller => {
  const { store, clock, imageIdOf } = context;
  const timers = new Map<string, Timer>();
  let addresses = 0;

  const nodeIsUp = ({ spec }: Pod): boolean => {
    const node = spec.nodeName === undefined ? undefined : store.get('nodes', undefined, spec.nodeName);
    return node !== undefined && isReady(node);
  };

  const cancel = (uid: string) => {
    timers.get(uid)?.cancel();
    timers.delete(uid);
  };

  const schedule = (pod: Pod, kind: Timer['kind'], at: number) => {
    const { uid, namespace, name } = pod.metadata;
    cancel(uid);
    const fire = () => {
      timers.delete(uid);
      const current = store.get('pods', namespace, name);
      if (current?.metadata.uid !== uid || !nodeIsUp(current)) return;
      if (kind === 'stop') deletePod(context, current, 0);
      else run(current);
    };
    timers.set(uid, { kind, at, cancel: clock.schedule(at, fire) });
  };

  const nextAddress = (): string => {
    addresses += 1;
    return `10.${100 + (addresses >> 16)}.${(addresses >> 8) & 255}.${addresses & 255}`;
  };

  const run = (pod: Pod): void => {
    if (pod.status.phase !== 'Pending' || isTerminating(pod)) return;
    const now = timestamp(clock.now());
    const podIP = nextAddress();
    const up = (type: string): Condition => ({
      type,
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: now,
    });
    const conditions = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady'].reduce(
      (list: readonly Condition[], type) => withCondition(list, up(type)),
      pod.status.conditions ?? [],
    );
    const imageID = (image: string) =>
      imageIdOf?.(image) ?? pod.metadata.annotations?.[imageIdAnnotation] ?? foreignImageId(image);
    const status = {
      ...pod.status,
      phase: 'Running' as const,
      podIP,
      podIPs: [{ ip: podIP }],
      startTime: now,
      conditions,
      containerStatuses: pod.spec.containers.map(({ name, image }) => ({
        name,
        image,
        imageID: imageID(image),
        ready: true,
        started: true,
        restartCount: 0,
        state: { running: { startedAt: now } },
        lastState: {},
      })),
    };
    store.update('pods', { ...pod, status });
  };

  const stop = (pod: Pod): void => {
    const { uid, annotations, deletionGracePeriodSeconds: grace = 0, deletionTimestamp = '' } = pod.metadata;
    if (grace === 0) return;
    const pending = timers.get(uid);
    // A later, shorter grace moves the end forward, never back.
    if (pending?.kind === 'stop') {
      const end = Math.max(clock.now(), Date.parse(deletionTimestamp));
      if (end < pending.at) schedule(pod, 'stop', end);
      return;
    }
    const asked = Number(annotations?.[stopSecondsAnnotation] ?? 1);
    schedule(pod, 'stop', clock.now() + Math.min(asked, grace) * 1000);
  };

  const attend = (pod: Pod): void => {
    if (!nodeIsUp(pod)) return;
    if (isTerminating(pod)) stop(pod);
    else if (pod.status.phase === 'Pending' && !timers.has(pod.metadata.uid)) {
      schedule(pod, 'start', clock.now() + startMs);
    }
  };

  return {
    onChange: ({ type, resource, object }) => {
      if (resource === 'pods') {
        if (type === 'DELETED' || isFinished(object as Pod)) cancel(object.metadata.uid);
        else attend(object as Pod);
      }
      if (resource === 'nodes' && type !== 'DELETED')
        for (const pod of store.podsOn(object.metadata.name)) attend(pod);
    },
    stop: () => {
      for (const uid of [...timers.keys()]) cancel(uid);
    },
  };
};
