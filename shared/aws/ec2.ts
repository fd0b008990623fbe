import type { EC2Client } from '@aws-sdk/client-ec2';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';

/** What EC2 says about an instance, as far as a drain needs it. */
export interface InstanceFacts {
  readonly id: string;
  /** pending, running, shutting-down, terminated, stopping, stopped. */
  readonly state: string;
  /** Empty outside `running`; not always the node's name. */
  readonly privateDnsName: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface InstanceReader {
  /** One request (and its pages) for all ids. Instances that EC2 does not know are missing from the answer. */
  describe(ids: readonly string[]): Promise<ReadonlyMap<string, InstanceFacts>>;
}

/**
 * DescribeInstances by filter: asked for by `InstanceIds`, a single unknown one would fail the whole request
 * (InvalidInstanceID.NotFound). A filter takes up to 200 values.
 */
export const createInstanceReader = (client: EC2Client): InstanceReader => ({
  describe: async (ids) => {
    const found = new Map<string, InstanceFacts>();
    if (ids.length === 0) return found;
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new DescribeInstancesCommand({
          Filters: [{ Name: 'instance-id', Values: [...new Set(ids)] }],
          ...(nextToken === undefined ? {} : { NextToken: nextToken }),
        }),
      );
      for (const instance of page.Reservations?.flatMap(({ Instances }) => Instances ?? []) ?? []) {
        if (instance.InstanceId === undefined) continue;
        found.set(instance.InstanceId, {
          id: instance.InstanceId,
          state: instance.State?.Name ?? '',
          privateDnsName: instance.PrivateDnsName ?? '',
          tags: Object.fromEntries((instance.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
        });
      }
      nextToken = page.NextToken === '' ? undefined : page.NextToken;
    } while (nextToken !== undefined);
    return found;
  },
});
