import type { V1Node } from '@kubernetes/client-node';
import type { Mode } from '../../shared/core/mode.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { CordonedNode } from './announce.ts';
import type { View } from './decide/next.ts';
import { nextStep } from './decide/next.ts';
import type { DrainRecord } from './decide/record.ts';
import { settingsFor } from './decide/settings.ts';
import { carryOut } from './follow-steps.ts';
import type { IntakeDeps } from './intake.ts';
import type { NodeRef } from './messages.ts';
import { viewOf } from './node-view.ts';
import { keepTurn } from './turn.ts';

/** A record to be followed, with what is known already. */
export interface Following {
  readonly record: DrainRecord;
  readonly mode: Mode;
  readonly call: Call;
  /** Connects when it is needed first. */
  readonly api: () => Promise<KubernetesApi>;
  readonly node?: V1Node;
  readonly instanceState?: string;
  readonly cordonFailed?: boolean;
  /** Aborted: it takes no further step. */
  readonly signal?: AbortSignal;
}

/** What following came to. */
export interface Followed {
  readonly record: DrainRecord;
  /** A worker has to be started. */
  readonly start?: NodeRef;
  /** Look again then. Epoch ms. */
  readonly lookAt?: number;
  /** Told to people once everything else is done. */
  readonly cordoned?: CordonedNode;
  /** The node's owner should have acted and did not. */
  readonly unattended?: true;
}

/** What a step changes of all that. */
export interface Stepped {
  readonly record?: DrainRecord;
  readonly view?: Omit<Partial<View>, 'now' | 'acts'>;
  readonly node?: V1Node;
  readonly cordoned?: CordonedNode;
  readonly unattended?: true;
}

/** Steps until it rests; more than any record needs. */
const MOST_STEPS = 12;

const refOf = ({ instanceId, node, cordonedAt }: DrainRecord): NodeRef => ({
  instanceId,
  nodeUid: node.uid,
  ...(cordonedAt === undefined ? {} : { cordonedAt }),
});

/**
 * Does what is due for a record, one step after the other, until there is nothing more to do now. Throws what the
 * table, EC2 or the cluster throws; what was done until then is in the record, and asked again it goes on from there.
 */
export const follow = async (deps: IntakeDeps, following: Following): Promise<Followed> => {
  const { clock } = deps;
  const { mode, call } = following;
  const settings = settingsFor(deps.section, following.record.cluster);
  let { record, node } = following;
  let cordoned: CordonedNode | undefined;
  let unattended: true | undefined;
  let view: Stepped['view'] = {
    ...(node === undefined ? {} : { node: viewOf(node) }),
    ...(following.instanceState === undefined ? {} : { instanceState: following.instanceState }),
    ...(following.cordonFailed === true ? { cordonFailed: true } : {}),
  };
  for (let steps = 0; steps < MOST_STEPS; steps += 1) {
    const step = nextStep(record, { ...view, now: clock.now(), acts: mode === 'act' }, settings);
    if (step.kind === 'rest') {
      await keepTurn(deps, record);
      return {
        record,
        ...(view?.hasStarted === true ? { start: refOf(record) } : {}),
        ...(step.lookAt === undefined ? {} : { lookAt: step.lookAt }),
        ...(cordoned === undefined ? {} : { cordoned }),
        ...(unattended === undefined ? {} : { unattended }),
      };
    }
    following.signal?.throwIfAborted();
    const done = await carryOut(deps, { record, node, mode, call, api: following.api, settings }, step);
    record = done.record ?? record;
    node = done.node ?? node;
    cordoned = done.cordoned ?? cordoned;
    unattended = done.unattended ?? unattended;
    view = { ...view, ...done.view };
  }
  throw new Error(`what is to be done about ${record.instanceId} comes to no end; report this as a bug`);
};
