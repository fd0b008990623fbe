import type { Node, Taint } from '../objects.ts';
import { isReady, timestamp } from '../objects.ts';
import { deletePod } from './pods.ts';
import type { Controller, ControllerContext } from './queue.ts';
import { createQueue } from './queue.ts';

/** How long pods of a Node object that is gone are left in peace (pkg/controller/podgc, quarantineTime). */
const quarantineMs = 40_000;

/** Mirrors `unschedulable` and the Ready condition as taints (node lifecycle), and removes pods of nodes that are gone. */
export const createNodeController = (context: ControllerContext): Controller => {
  const { store, clock } = context;
  const quarantines = new Set<() => void>();

  const mirrored = (node: Node): readonly Taint[] => {
    const { taints = [], unschedulable = false } = node.spec;
    const wanted = [
      { key: 'node.kubernetes.io/not-ready', holds: !isReady(node) },
      { key: 'node.kubernetes.io/unschedulable', holds: unschedulable },
    ];
    const isOf = (key: string) => (taint: Taint) => taint.key === key && taint.effect === 'NoSchedule';
    const kept = taints.filter((taint) => !wanted.some(({ key, holds }) => !holds && isOf(key)(taint)));
    const missing = wanted.filter(({ key, holds }) => holds && !taints.some(isOf(key)));
    const timeAdded = timestamp(clock.now());
    return [...kept, ...missing.map(({ key }) => ({ key, effect: 'NoSchedule' as const, timeAdded }))];
  };

  const queue = createQueue(clock, (name) => {
    const node = store.get('nodes', undefined, name);
    if (node === undefined) return;
    const taints = mirrored(node);
    const { taints: _old, ...spec } = node.spec;
    store.update('nodes', { ...node, spec: taints.length === 0 ? spec : { ...spec, taints } });
  });

  const collect = (name: string) => {
    if (store.get('nodes', undefined, name) !== undefined) return;
    for (const pod of store.podsOn(name)) deletePod(context, pod, 0);
  };

  return {
    onChange: ({ type, resource, object }) => {
      if (resource !== 'nodes') return;
      const { name } = object.metadata;
      queue.add(name);
      if (type !== 'DELETED') return;
      const cancel = clock.schedule(clock.now() + quarantineMs, () => {
        quarantines.delete(cancel);
        collect(name);
      });
      quarantines.add(cancel);
    },
    stop: () => {
      queue.stop();
      for (const cancel of quarantines) cancel();
    },
  };
};
