import { get } from 'node:https';
import type { ControlPlane } from '../../support/control-plane.ts';
import type { WirePod } from './objects.ts';
import { isHealthy } from './objects.ts';

/** What happened to the pods of a namespace, change by change, in the order in which the API server tells it. */
export interface PodWatch {
  /** The fewest healthy pods with that `app` label at any moment since there were `atFirst` of them. */
  fewestHealthy(app: string, atFirst: number): number;
  stop(): void;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: WirePod;
}

export const fewestHealthy = (events: readonly WatchEvent[], app: string, atFirst: number): number => {
  const pods = new Map<string, WirePod>();
  let fewest = Number.POSITIVE_INFINITY;
  let begun = false;
  for (const { type, object } of events) {
    if (type === 'DELETED') pods.delete(object.metadata.uid);
    else pods.set(object.metadata.uid, object);
    const healthy = [...pods.values()].filter(
      (pod) => pod.metadata.labels?.app === app && isHealthy(pod),
    ).length;
    begun ||= healthy === atFirst;
    if (begun) fewest = Math.min(fewest, healthy);
  }
  return fewest;
};

/** Follows a real cluster's pods: nothing that a budget must not allow can hide between two looks. */
export const watchPods = async (controlPlane: ControlPlane, namespace: string): Promise<PodWatch> => {
  const events: WatchEvent[] = [];
  const url = new URL(`/api/v1/namespaces/${namespace}/pods?watch=true`, controlPlane.url);
  const request = get(url, {
    ca: controlPlane.caPem,
    headers: { authorization: `Bearer ${controlPlane.adminToken}` },
  });
  await new Promise<void>((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response) => {
      let rest = '';
      response.on('data', (chunk: Buffer) => {
        const lines = `${rest}${chunk.toString('utf8')}`.split('\n');
        rest = lines.pop() ?? '';
        events.push(...lines.map((line) => JSON.parse(line) as WatchEvent));
      });
      // `stop` ends it in the middle.
      response.once('error', () => response.destroy());
      resolve();
    });
  });
  request.removeAllListeners('error');
  request.on('error', () => request.destroy());
  return {
    fewestHealthy: (app, atFirst) => fewestHealthy(events, app, atFirst),
    stop: () => request.destroy(),
  };
};
