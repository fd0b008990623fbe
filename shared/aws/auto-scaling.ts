import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';

/** An instance as its Auto Scaling group sees it; gone from the group once it has terminated. */
export interface GroupInstance {
  readonly id: string;
  readonly zone: string;
  /** For example `InService`, `Terminating`, `Terminating:Wait`. */
  readonly lifecycleState: string;
  readonly protectedFromScaleIn: boolean;
}

const NAMES_A_REQUEST = 100; // DescribeAutoScalingGroups' own limit

/** Read-only view of Auto Scaling groups. */
export interface AutoScalingGroups {
  /** Instances of all the named groups; a group that is not there has none. */
  instances(names: readonly string[]): Promise<readonly GroupInstance[]>;
}

export const createAutoScalingGroups = (client: AutoScalingClient): AutoScalingGroups => ({
  instances: async (names) => {
    const found: GroupInstance[] = [];
    // A request without names would answer every group of the account.
    for (let index = 0; index < names.length; index += NAMES_A_REQUEST) {
      let nextToken: string | undefined;
      do {
        const page = await client.send(
          new DescribeAutoScalingGroupsCommand({
            AutoScalingGroupNames: names.slice(index, index + NAMES_A_REQUEST),
            MaxRecords: NAMES_A_REQUEST,
            ...(nextToken === undefined ? {} : { NextToken: nextToken }),
          }),
        );
        for (const instance of (page.AutoScalingGroups ?? []).flatMap((group) => group.Instances ?? [])) {
          found.push({
            id: instance.InstanceId ?? '',
            zone: instance.AvailabilityZone ?? '',
            lifecycleState: instance.LifecycleState ?? 'Unknown',
            protectedFromScaleIn: instance.ProtectedFromScaleIn ?? false,
          });
        }
        nextToken = page.NextToken;
      } while (nextToken !== undefined);
    }
    return found;
  },
});
