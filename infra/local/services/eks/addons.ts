import { optionalText, records, text } from '../../protocol/input.ts';
import type { Route } from '../../protocol/rest-json.ts';
import type { Input } from '../../protocol/service.ts';
import { addonCatalog } from '../../world/addon-catalog.ts';
import { updateAddon } from '../../world/addons.ts';
import type { Cluster } from '../../world/clusters.ts';
import { getAddon } from '../../world/clusters.ts';
import { Refusal } from '../../world/refusal.ts';
import type { World } from '../../world/world.ts';
import { eksPage } from './paged.ts';
import { addonInfoShape, addonShape, updateShape } from './shapes.ts';

export const addonRoutes = (world: World): readonly Route[] => [
  {
    operation: 'ListAddons',
    method: 'GET',
    path: '/clusters/{clusterName}/addons',
    run: (input) => {
      const { items, rest } = eksPage([...clusterOf(world, input).addons.keys()].sort(), input);
      return { addons: items, ...rest };
    },
  },
  {
    operation: 'DescribeAddon',
    method: 'GET',
    path: '/clusters/{clusterName}/addons/{addonName}',
    run: (input) => {
      const cluster = clusterOf(world, input);
      return { addon: addonShape(cluster, getAddon(cluster, text(input, 'addonName'))) };
    },
  },
  {
    operation: 'UpdateAddon',
    method: 'POST',
    path: '/clusters/{clusterName}/addons/{addonName}/update',
    run: (input) => ({
      update: updateShape(
        updateAddon(world, clusterOf(world, input), {
          name: text(input, 'addonName'),
          change: {
            addonVersion: optionalText(input, 'addonVersion'),
            configurationValues: optionalText(input, 'configurationValues'),
            serviceAccountRoleArn: optionalText(input, 'serviceAccountRoleArn'),
            resolveConflicts: optionalText(input, 'resolveConflicts'),
            podIdentityAssociations: associations(input),
            token: optionalText(input, 'clientRequestToken'),
          },
        }),
      ),
    }),
  },
  {
    operation: 'DescribeAddonVersions',
    method: 'GET',
    path: '/addons/supported-versions',
    lists: ['types', 'publishers', 'owners'],
    run: (input) => {
      const name = optionalText(input, 'addonName');
      const known = everyAddon(world).filter((addon) => name === undefined || addon.name === name);
      if (name !== undefined && known.length === 0) throw unknownAddon(name);
      const minor = optionalText(input, 'kubernetesVersion');
      const infos = known
        .map((addon) => addonInfoShape(addon, minor))
        .filter(({ addonVersions }) => addonVersions.length > 0);
      const { items, rest } = eksPage(infos, input);
      return { addons: items, ...rest };
    },
  },
  {
    operation: 'DescribeAddonConfiguration',
    method: 'GET',
    path: '/addons/configuration-schemas',
    run: (input) => {
      const addonName = text(input, 'addonName');
      const addonVersion = text(input, 'addonVersion');
      const addon = everyAddon(world).find(({ name }) => name === addonName);
      if (addon === undefined || !addon.releases.some((release) => release.addonVersion === addonVersion))
        throw unknownAddon(addonName);
      return {
        addonName,
        addonVersion,
        configurationSchema: configurationSchema,
        podIdentityConfiguration: [],
      };
    },
  },
];

const clusterOf = (world: World, input: Input): Cluster => world.cluster(text(input, 'clusterName'));

/** What AWS offers and what this world's clusters have besides. */
const everyAddon = (world: World) => {
  const addons = new Map(addonCatalog.map((addon) => [addon.name, addon]));
  for (const { catalogue } of world.clusters.values())
    for (const addon of catalogue.addons)
      if ((addons.get(addon.name)?.releases.length ?? -1) < addon.releases.length)
        addons.set(addon.name, addon);
  return [...addons.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
};

const unknownAddon = (name: string): Refusal =>
  new Refusal('ResourceNotFoundException', `Addon ${name} is not found`, { addonName: name });

/** Association ARNs are made when an association is created; here the role stands for it. */
const associations = (input: Input): readonly string[] | undefined =>
  input.podIdentityAssociations === undefined
    ? undefined
    : records(input, 'podIdentityAssociations').map((association) => text(association, 'roleArn'));

/** JSON Schema of what every add-on here takes. */
const configurationSchema = JSON.stringify({
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  additionalProperties: false,
  properties: {
    env: { type: 'object', additionalProperties: { type: 'string' } },
    replicaCount: { type: 'integer', minimum: 1 },
    resources: { type: 'object' },
    tolerations: { type: 'array' },
    nodeSelector: { type: 'object' },
    podAnnotations: { type: 'object' },
  },
});
