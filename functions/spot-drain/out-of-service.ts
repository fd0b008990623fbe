import { describeError } from '../../shared/core/errors.ts';
import { isMissingRight } from '../../shared/kubernetes/errors.ts';
import { taintOutOfService } from '../../shared/kubernetes/out-of-service.ts';
import type { Stepped } from './follow.ts';
import type { IntakeDeps } from './intake.ts';
import type { StepWork } from './step-work.ts';
import { changed, lookAtNode, sayOn } from './step-work.ts';

/** Taints the node of an instance that EC2 says is terminated. */
export const outOfService = async (deps: IntakeDeps, work: StepWork): Promise<Stepped> => {
  const { record, node } = work;
  if (node === undefined) return lookAtNode(work);
  try {
    const result = await taintOutOfService(await work.api(), node);
    if (result.kind === 'gone') return { view: { node: 'gone' } };
  } catch (error) {
    const missing = isMissingRight(error) ? { verb: 'patch', resource: 'nodes' } : {};
    const reason = isMissingRight(error) ? 'missing-right' : 'taint-failed';
    sayOn(work, { action: 'none', reason, detail: { ...missing, error: describeError(error) } });
    throw error;
  }
  sayOn(work, { action: 'record', reason: 'out-of-service', detail: { confirmedBy: 'EC2' } });
  const at = deps.clock.now();
  return { record: await changed(deps, record, (current) => ({ ...current, outOfServiceAt: at })) };
};
