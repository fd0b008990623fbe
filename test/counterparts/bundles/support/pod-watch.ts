import { get } from 'node:https';
import { describeError } from '../../../../shared/core/errors.ts';
import type { ControlPlane } from '../../support/control-plane.ts';
import type { WirePod } from './objects.ts';
import { isHealthy } from './objects.ts';

/** What happened to the pods of a namespace, change by change, in the order in which the API server tells it. */
export interface PodWatch {
  /**
   * The fewest healthy pods with that `app` label at any moment since there were `atFirst` of them. Throws where there
   * never were so many, and where the watch was over before it was stopped: a lot may have happened since.
   */
  fewestHealthy(app: string, atFirst: number): number;
  stop(): void;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: WirePod;
}

export const fewestHealthy = (events: readonly WatchEvent[], app: string, atFirst: number): number => {
  const pods = new Map<string, WirePod>();
  let fewest: number | undefined;
  for (const { type, object } of events) {
    if (type === 'DELETED') pods.delete(object.metadata.uid);
    else pods.set(object.metadata.uid, object);
    const healthy = [...pods.values()].filter(
      (pod) => pod.metadata.labels?.app === app && isHealthy(pod),
    ).length;
    if (fewest !== undefined || healthy === atFirst) fewest = Math.min(fewest ?? healthy, healthy);
  }
  if (fewest === undefined)
    throw new Error(`there never were ${atFirst} healthy pods of ${app} in ${events.length} events`);
  return fewest;
};

/** Answers once the API server has begun to tell. `over` is called once, with the reason, when it no longer does. */
const follow = (
  { url, caPem, adminToken }: Pick<ControlPlane, 'url' | 'caPem' | 'adminToken'>,
  path: string,
  to: { event(event: WatchEvent): void; over(why: string): void },
): Promise<() => void> =>
  new Promise((resolve, reject) => {
    const request = get(new URL(path, url), {
      ca: caPem,
      headers: { authorization: `Bearer ${adminToken}` },
    });
    const stop = () => request.destroy();
    // Rejects nothing any more once the answer has begun.
    request.on('error', (error) => {
      to.over(describeError(error));
      reject(error);
    });
    request.once('response', (response) => {
      if (response.statusCode !== 200) {
        stop();
        reject(new Error(`watch ${path}: ${response.statusCode}`));
        return;
      }
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const lines = `${rest}${chunk}`.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const event = JSON.parse(line) as WatchEvent;
          // Its object is a Status: nothing more comes (Kubernetes API concepts, "Efficient detection of changes").
          if (event.type === 'ERROR') to.over(line);
          else to.event(event);
        }
      });
      response.once('error', (error) => to.over(describeError(error)));
      response.once('close', () => to.over('the API server has ended it'));
      resolve(stop);
    });
  });

/** Follows a real cluster's pods: nothing that a budget must not allow can hide between two looks. */
export const watchPods = async (
  controlPlane: Pick<ControlPlane, 'url' | 'caPem' | 'adminToken'>,
  namespace: string,
): Promise<PodWatch> => {
  const events: WatchEvent[] = [];
  let over: string | undefined;
  let isStopped = false;
  const stop = await follow(controlPlane, `/api/v1/namespaces/${namespace}/pods?watch=true`, {
    event: (event) => events.push(event),
    over: (why) => {
      if (!isStopped) over ??= why;
    },
  });
  return {
    fewestHealthy: (app, atFirst) => {
      if (over !== undefined) throw new Error(`the watch of ${namespace} was over early: ${over}`);
      return fewestHealthy(events, app, atFirst);
    },
    stop: () => {
      isStopped = true;
      stop();
    },
  };
};
