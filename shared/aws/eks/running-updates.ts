import type { EKSClient, Update } from '@aws-sdk/client-eks';
import { DescribeUpdateCommand, ListUpdatesCommand } from '@aws-sdk/client-eks';
import pMap from 'p-map';

/** What is updated: the cluster itself, or one of its node groups or add-ons. */
export interface UpdateScope {
  readonly cluster: string;
  readonly nodeGroup?: string;
  readonly addon?: string;
}

/** An update that EKS is carrying out at this moment. */
export interface RunningUpdate {
  readonly id: string;
  /** For example `VersionUpdate`, `AddonUpdate`, `ConfigUpdate`. */
  readonly type: string;
  /** For example `{ Version: '1.35' }`. */
  readonly params: Readonly<Record<string, string>>;
}

export type ListRunningUpdates = (scope: UpdateScope) => Promise<readonly RunningUpdate[]>;

const toRunningUpdate = (update: Update): RunningUpdate => ({
  id: update.id ?? '',
  type: update.type ?? 'Unknown',
  params: Object.fromEntries((update.params ?? []).map(({ type, value }) => [type ?? '', value ?? ''])),
});

/** Updates in status InProgress. EKS lists ids alone and in no documented order, so each is described. */
export const listRunningUpdates = async (
  client: EKSClient,
  scope: UpdateScope,
): Promise<readonly RunningUpdate[]> => {
  const resource = {
    name: scope.cluster,
    ...(scope.nodeGroup === undefined ? {} : { nodegroupName: scope.nodeGroup }),
    ...(scope.addon === undefined ? {} : { addonName: scope.addon }),
  };
  const ids: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new ListUpdatesCommand({ ...resource, ...(nextToken === undefined ? {} : { nextToken }) }),
    );
    ids.push(...(page.updateIds ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  const updates = await pMap(
    ids,
    async (updateId) => (await client.send(new DescribeUpdateCommand({ ...resource, updateId }))).update,
    { concurrency: 4 },
  );
  return updates.flatMap((update) => (update?.status === 'InProgress' ? [toRunningUpdate(update)] : []));
};
