import type { EC2Client } from '@aws-sdk/client-ec2';
import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2';

export interface SubnetFacts {
  readonly id: string;
  /** For example `eu-central-1a`. */
  readonly zone: string;
  readonly freeAddresses: number;
}

export type DescribeSubnets = (ids: readonly string[]) => Promise<readonly SubnetFacts[]>;

/** Subnets that EC2 still knows; one that was deleted is missing in the answer. */
export const describeSubnets = async (
  client: EC2Client,
  ids: readonly string[],
): Promise<readonly SubnetFacts[]> => {
  if (ids.length === 0) return [];
  // A filter, not SubnetIds: an id that is gone would otherwise fail the whole call.
  const subnets: SubnetFacts[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new DescribeSubnetsCommand({
        Filters: [{ Name: 'subnet-id', Values: [...ids] }],
        ...(nextToken === undefined ? {} : { NextToken: nextToken }),
      }),
    );
    for (const subnet of page.Subnets ?? []) {
      subnets.push({
        id: subnet.SubnetId ?? '',
        zone: subnet.AvailabilityZone ?? '',
        freeAddresses: subnet.AvailableIpAddressCount ?? 0,
      });
    }
    nextToken = page.NextToken;
  } while (nextToken !== undefined && nextToken !== '');
  return subnets;
};
