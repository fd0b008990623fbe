import * as z from 'zod/mini';
import type { ClusterConfig } from './config.ts';
import { repeatedNames } from './config.ts';
import type { ConfigurationIssue } from './config-problems.ts';
import { describeValue } from './config-problems.ts';

const networkError = 'a name of lower-case letters, digits and hyphens, at most 20, letter first';

/**
 * Functions inside a VPC, for clusters whose API server cannot be reached from outside, or from anywhere. 20
 * characters: the name goes into function names, of which Lambda takes 64.
 */
const networkSchema = z.strictObject({
  name: z.string({ error: networkError }).check(z.regex(/^[a-z][a-z0-9-]{0,19}$/, { error: networkError })),
  vpcId: z
    .string({ error: 'the id of a VPC' })
    .check(z.regex(/^vpc-[0-9a-f]{8,17}$/, { error: 'the id of a VPC' })),
  /** Private subnets with a way to AWS's APIs: a NAT gateway or interface endpoints. */
  subnetIds: z
    .array(
      z
        .string({ error: 'the id of a subnet' })
        .check(z.regex(/^subnet-[0-9a-f]{8,17}$/, { error: 'the id of a subnet' })),
      { error: 'a list of subnets' },
    )
    .check(
      z.minLength(1, { error: 'at least one subnet' }),
      z.maxLength(16, { error: 'at most 16 subnets' }),
    ),
  /** Of the functions. Left out, the stack makes one that lets them out to port 443 alone. */
  securityGroupIds: z.optional(
    z
      .array(
        z
          .string({ error: 'the id of a security group' })
          .check(z.regex(/^sg-[0-9a-f]{8,17}$/, { error: 'the id of a security group' })),
        { error: 'a list of security groups' },
      )
      .check(
        z.minLength(1, { error: 'at least one security group' }),
        z.maxLength(5, { error: 'at most 5 security groups' }),
      ),
  ),
});

export type NetworkConfig = z.infer<typeof networkSchema>;

export const networksSchema = z._default(z.array(networkSchema, { error: 'a list of networks' }), []);

/** Networks that are there twice, are not there, or that no cluster names. */
export const checkNetworks = ({
  clusters,
  networks,
}: {
  readonly clusters: readonly ClusterConfig[];
  readonly networks: readonly NetworkConfig[];
}): readonly ConfigurationIssue[] => {
  const known = networks.map(({ name }) => name);
  const unknown = clusters.flatMap(({ network }, index) => {
    if (network === undefined || known.includes(network)) return [];
    const allowed = known.length === 0 ? 'no network, since there are none' : `one of ${known.join(', ')}`;
    return [{ path: ['clusters', index, 'network'], found: describeValue(network), allowed }];
  });
  const unused = known.flatMap((name, index) =>
    clusters.some(({ network }) => network === name)
      ? []
      : [
          {
            path: ['networks', index, 'name'],
            found: describeValue(name),
            allowed: 'a network that a cluster names',
          },
        ],
  );
  return [...repeatedNames('networks', networks, 'network'), ...unknown, ...unused];
};
