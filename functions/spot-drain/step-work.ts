import type { V1Node } from '@kubernetes/client-node';
import type { Mode } from '../../shared/core/mode.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import { getNode } from '../../shared/kubernetes/nodes.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { SpotDrainConfig } from './config.ts';
import type { SpotDrainDecision } from './decide/decide.ts';
import type { DrainRecord } from './decide/record.ts';
import { keyOf } from './decide/record.ts';
import type { Stepped } from './follow.ts';
import type { IntakeDeps } from './intake.ts';
import { viewOf } from './node-view.ts';

/** A step and all that it may need. */
export interface StepWork {
  readonly record: DrainRecord;
  readonly node: V1Node | undefined;
  readonly mode: Mode;
  readonly call: Call;
  readonly api: () => Promise<KubernetesApi>;
  readonly settings: SpotDrainConfig;
}

/** Changes the record where it is still there, and answers it as it is then. */
export const changed = async (
  { records }: Pick<IntakeDeps, 'records'>,
  record: DrainRecord,
  change: (current: DrainRecord) => DrainRecord,
): Promise<DrainRecord> =>
  (await records.change(keyOf(record), (current) => (current === undefined ? undefined : change(current)))) ??
  record;

export const sayOn = (
  { record, call, mode }: Pick<StepWork, 'record' | 'call' | 'mode'>,
  { detail, ...decision }: Pick<SpotDrainDecision, 'action' | 'reason' | 'detail'>,
): void => {
  const target = `node/${record.node.name}`;
  const facts = { instanceId: record.instanceId, owner: record.owner, ...detail };
  call.recorder.record({ cluster: record.cluster, target, ...decision, detail: facts }, mode);
};

/** The node of the record, not another of its name. */
export const lookAtNode = async ({ record, api }: StepWork): Promise<Stepped> => {
  const node = await getNode(await api(), record.node.name);
  if (node === undefined || node.metadata?.uid !== record.node.uid) return { view: { node: 'gone' } };
  return { node, view: { node: viewOf(node) } };
};
