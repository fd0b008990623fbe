import type { EC2Client, Instance } from '@aws-sdk/client-ec2';
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
  /** One request (and its pages) for all ids, up to 200. Instances that EC2 does not know are missing from the answer. */
  describe(ids: readonly string[]): Promise<ReadonlyMap<string, InstanceFacts>>;
}

const VALUES_A_FILTER = 200; // EC2's own limit

const toFacts = (instance: Instance, id: string): InstanceFacts => ({
  id,
  state: instance.State?.Name ?? '',
  privateDnsName: instance.PrivateDnsName ?? '',
  tags: Object.fromEntries((instance.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
});

const describePart = async (client: EC2Client, ids: readonly string[]): Promise<readonly Instance[]> => {
  const found: Instance[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new DescribeInstancesCommand({
        Filters: [{ Name: 'instance-id', Values: [...ids] }],
        ...(nextToken === undefined ? {} : { NextToken: nextToken }),
      }),
    );
    found.push(...(page.Reservations?.flatMap(({ Instances }) => Instances ?? []) ?? []));
    nextToken = page.NextToken === '' ? undefined : page.NextToken;
  } while (nextToken !== undefined);
  return found;
};

/**
 * DescribeInstances by filter: asked for by `InstanceIds`, a single unknown one would fail the whole request
 * (InvalidInstanceID.NotFound). More than 200, as a Health event may name, take several requests.
 */
export const createInstanceReader = (client: EC2Client): InstanceReader => ({
  describe: async (ids) => {
    const wanted = [...new Set(ids)];
    const parts = Array.from({ length: Math.ceil(wanted.length / VALUES_A_FILTER) }, (_, index) =>
      wanted.slice(index * VALUES_A_FILTER, (index + 1) * VALUES_A_FILTER),
    );
    const instances = await Promise.all(parts.map((part) => describePart(client, part)));
    return new Map(
      instances
        .flat()
        .flatMap((instance) =>
          instance.InstanceId === undefined
            ? []
            : [[instance.InstanceId, toFacts(instance, instance.InstanceId)] as const],
        ),
    );
  },
});
