import { text } from '../../protocol/input.ts';
import type { Route } from '../../protocol/rest-json.ts';
import { roleArn, sessionArn } from '../../world/principals.ts';
import { Refusal } from '../../world/refusal.ts';
import type { World } from '../../world/world.ts';
import { eksPage } from './paged.ts';

/** Every principal of the world has an access entry in each of its clusters. */
export const accessRoutes = (world: World): readonly Route[] => [
  {
    operation: 'ListAccessEntries',
    method: 'GET',
    path: '/clusters/{clusterName}/access-entries',
    run: (input) => {
      world.cluster(text(input, 'clusterName'));
      const arns = [...world.principals.values()].map((principal) => roleArn(world.ground, principal));
      const { items, rest } = eksPage(arns.sort(), input);
      return { accessEntries: items, ...rest };
    },
  },
  {
    operation: 'DescribeAccessEntry',
    method: 'GET',
    path: '/clusters/{clusterName}/access-entries/{principalArn}',
    run: (input) => {
      const cluster = world.cluster(text(input, 'clusterName'));
      const principalArn = text(input, 'principalArn');
      const principal = [...world.principals.values()].find(
        (one) => roleArn(world.ground, one) === principalArn,
      );
      if (principal === undefined)
        throw new Refusal(
          'ResourceNotFoundException',
          `The specified principalArn could not be found: ${principalArn}`,
        );
      return {
        accessEntry: {
          clusterName: cluster.name,
          principalArn,
          kubernetesGroups: principal.groups,
          accessEntryArn: `${cluster.arn.replace(':cluster/', ':access-entry/')}/role/${world.accountId}/${principal.roleName}`,
          createdAt: new Date(cluster.createdAt),
          modifiedAt: new Date(cluster.createdAt),
          tags: {},
          username: sessionArn(world.ground, principal),
          type: 'STANDARD',
        },
      };
    },
  },
];
