import type { V1Node } from '@kubernetes/client-node';
import { describeError } from '../../shared/core/errors.ts';
import { isMissingRight } from '../../shared/kubernetes/errors.ts';
import { createNodeEvent } from '../../shared/kubernetes/events.ts';
import type { CordonResult } from '../../shared/kubernetes/nodes.ts';
import { cordon, uncordonAll } from '../../shared/kubernetes/nodes.ts';
import { withoutCordon } from './decide/merge.ts';
import { isCordonOurs } from './decide/node-view.ts';
import type { DrainRecord } from './decide/record.ts';
import { causeOf, taintOf } from './decide/record.ts';
import type { Stepped } from './follow.ts';
import type { IntakeDeps } from './intake.ts';
import { cordonOptions } from './load-balancers.ts';
import { measureCordon } from './metrics.ts';
import { viewOf } from './node-view.ts';
import type { StepWork } from './step-work.ts';
import { changed, lookAtNode, sayOn } from './step-work.ts';

/** The record with our cordon in it: from here on somebody sees to it that it is undone. */
export const withCordon = (
  record: DrainRecord,
  { node, taint, at }: { node: V1Node; taint: string; at: number },
): DrainRecord => {
  const known = record.cordon?.taints ?? [];
  const bootId = record.cordon?.bootId ?? node.status?.nodeInfo?.bootID;
  return {
    ...record,
    cordonedAt: record.cordonedAt ?? at,
    cordon: {
      taints: known.includes(taint) ? known : [...known, taint],
      ...(bootId === undefined || bootId === '' ? {} : { bootId }),
    },
  };
};

/** The verdict on a patch that failed: never `cordon`. */
export const failedPatch = (error: unknown) => ({
  action: 'none' as const,
  reason: isMissingRight(error) ? 'missing-right' : 'cordon-failed',
  detail: {
    ...(isMissingRight(error) ? { verb: 'patch', resource: 'nodes' } : {}),
    error: describeError(error),
  },
});

export const cordonStep = async (deps: IntakeDeps, work: StepWork): Promise<Stepped> => {
  const { record, node, settings } = work;
  if (node === undefined) return lookAtNode(work);
  const cause = causeOf(record);
  const taint = taintOf(cause);
  let result: CordonResult;
  try {
    result = await cordon(await work.api(), node, cordonOptions(settings, taint, record.wanted));
  } catch (error) {
    sayOn(work, failedPatch(error));
    return { view: { cordonFailed: true } };
  }
  if (result.kind === 'gone') return { view: { node: 'gone' } };
  const at = deps.clock.now();
  const { kind, node: cordonedNode } = result;
  const next = await changed(deps, record, (current) =>
    withCordon(current, { node: cordonedNode, taint, at }),
  );
  const { noticedAt } = record;
  const seconds = kind === 'cordoned' ? measureCordon(deps.metrics, { noticedAt, at }) : {};
  sayOn(work, {
    action: kind === 'cordoned' ? 'cordon' : 'none',
    reason: kind === 'cordoned' ? cause : 'already-cordoned',
    detail: { event: cause, ...seconds },
  });
  return {
    record: next,
    node: cordonedNode,
    view: { node: viewOf(cordonedNode) },
    ...(kind === 'cordoned' ? { cordoned: { node: record.node, cause, at } } : {}),
  };
};

const forgotten = async (deps: IntakeDeps, { record }: StepWork): Promise<Stepped> => ({
  record: await changed(deps, record, withoutCordon),
});

export const forgetCordon = async (deps: IntakeDeps, work: StepWork, reason: string): Promise<Stepped> => {
  sayOn(work, { action: 'none', reason, detail: {} });
  return forgotten(deps, work);
};

/** Events on nodes come last and fail nothing. */
const tellUncordoned = async (deps: IntakeDeps, work: StepWork, reason: string): Promise<void> => {
  const { node } = work.record;
  const event = {
    node,
    type: 'Normal' as const,
    reason: 'SpotDrainUncordoned',
    message: `Uncordoned: ${reason}`,
  };
  try {
    await createNodeEvent(await work.api(), event, {
      component: 'eks-caretaker-spot-drain',
      now: deps.clock.now(),
    });
  } catch (error) {
    deps.logger.warn('an event could not be written on a node', {
      node: node.name,
      error: describeError(error),
    });
  }
};

export const uncordonStep = async (deps: IntakeDeps, work: StepWork, reason: string): Promise<Stepped> => {
  const { record, node } = work;
  if (node === undefined) return lookAtNode(work);
  const taints = record.cordon?.taints ?? [];
  const isOurs = (current: V1Node) => isCordonOurs(viewOf(current), taints);
  const result = await uncordonAll(await work.api(), node, { taints, isOurs });
  // What is to be done about it is decided anew.
  if (result.kind === 'left') return { node: result.node, view: { node: viewOf(result.node) } };
  const done = await forgotten(deps, work);
  if (result.kind === 'gone') {
    sayOn(work, { action: 'none', reason: 'node-gone', detail: {} });
    return { ...done, view: { node: 'gone' } };
  }
  sayOn(work, { action: 'uncordon', reason, detail: {} });
  await tellUncordoned(deps, work, reason);
  return { ...done, node: result.node, view: { node: viewOf(result.node) } };
};
