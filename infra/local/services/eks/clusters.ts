import { flag, optionalText, text, texts } from '../../protocol/input.ts';
import type { Route } from '../../protocol/rest-json.ts';
import { updateClusterVersion } from '../../world/control-plane.ts';
import { kubernetesVersions } from '../../world/versions.ts';
import type { World } from '../../world/world.ts';
import { eksPage } from './paged.ts';
import { clusterShape, supportAt, updateShape, versionShape } from './shapes.ts';

export const clusterRoutes = (world: World): readonly Route[] => [
  {
    operation: 'ListClusters',
    method: 'GET',
    path: '/clusters',
    lists: ['include'],
    run: (input) => {
      const { items, rest } = eksPage([...world.clusters.keys()].sort(), input);
      return { clusters: items, ...rest };
    },
  },
  {
    operation: 'DescribeCluster',
    method: 'GET',
    path: '/clusters/{name}',
    run: (input) => ({ cluster: clusterShape(world.cluster(text(input, 'name')), world.region) }),
  },
  {
    operation: 'UpdateClusterVersion',
    method: 'POST',
    path: '/clusters/{name}/updates',
    run: (input) => ({
      update: updateShape(
        updateClusterVersion(world, world.cluster(text(input, 'name')), {
          version: text(input, 'version'),
          force: flag(input, 'force'),
          token: optionalText(input, 'clientRequestToken'),
        }),
      ),
    }),
  },
  {
    operation: 'DescribeClusterVersions',
    method: 'GET',
    path: '/cluster-versions',
    lists: ['clusterVersions'],
    run: (input) => {
      const now = world.clock.now();
      const released = kubernetesVersions.filter(({ releasedOn }) => Date.parse(releasedOn) <= now).reverse();
      const newest = released.find((version) => supportAt(version, now) === 'STANDARD_SUPPORT');
      const named = texts(input, 'clusterVersions');
      const wanted = optionalText(input, 'versionStatus');
      const chosen = released.filter((version) => {
        const support = supportAt(version, now);
        if (named.length > 0) return named.includes(version.minor);
        if (flag(input, 'defaultOnly')) return version === newest;
        if (wanted !== undefined) return support === wanted;
        return flag(input, 'includeAll') || support !== 'UNSUPPORTED';
      });
      const { items, rest } = eksPage(chosen, input);
      return {
        clusterVersions: items.map((version) =>
          versionShape(version, { now, isDefault: version === newest }),
        ),
        ...rest,
      };
    },
  },
];
