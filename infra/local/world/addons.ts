import type { CatalogAddon } from './addon-catalog.ts';
import { addonCatalog } from './addon-catalog.ts';
import type { Addon, Cluster } from './clusters.ts';
import { getAddon } from './clusters.ts';
import type { Ground } from './ground.ts';
import { Refusal } from './refusal.ts';
import { timings } from './timings.ts';
import type { UpdateRecord, Updates } from './updates.ts';

/** The add-ons that AWS offers, and whatever else a world's clusters have installed at its start. */
export interface AddonCatalogue {
  readonly addons: readonly CatalogAddon[];
  find(name: string): CatalogAddon | undefined;
}

/** A version that the catalogue does not list counts as one that runs on the cluster's minor alone. */
export const catalogueWith = (
  installed: readonly { name: string; version: string; minor: string }[],
): AddonCatalogue => {
  const addons = new Map(addonCatalog.map((addon) => [addon.name, addon]));
  for (const { name, version, minor } of installed) {
    const known = addons.get(name) ?? { name, type: 'other', namespace: 'kube-system', releases: [] };
    if (known.releases.some(({ addonVersion }) => addonVersion === version)) continue;
    addons.set(name, {
      ...known,
      releases: [...known.releases, { addonVersion: version, minors: [minor], defaultFor: [] }],
    });
  }
  return { addons: [...addons.values()], find: (name) => addons.get(name) };
};

export interface AddonUpdate {
  readonly addonVersion?: string | undefined;
  readonly configurationValues?: string | undefined;
  readonly serviceAccountRoleArn?: string | undefined;
  readonly resolveConflicts?: string | undefined;
  /** An empty list deletes the associations; undefined leaves them. */
  readonly podIdentityAssociations?: readonly string[] | undefined;
  readonly token?: string | undefined;
}

/** UpdateAddon: asynchronous, one at a time for each add-on. */
export const updateAddon = (
  world: { ground: Ground; updates: Updates },
  cluster: Cluster,
  target: { name: string; change: AddonUpdate },
): UpdateRecord => {
  const { name, change } = target;
  const addon = getAddon(cluster, name);
  const scope = { clusterName: cluster.name, addonName: name };
  const request = {
    scope,
    type: 'AddonUpdate',
    params: [
      ...(change.addonVersion === undefined ? [] : [{ type: 'AddonVersion', value: change.addonVersion }]),
      ...(change.serviceAccountRoleArn === undefined
        ? []
        : [{ type: 'ServiceAccountRoleArn', value: change.serviceAccountRoleArn }]),
      ...(change.resolveConflicts === undefined
        ? []
        : [{ type: 'ResolveConflicts', value: change.resolveConflicts }]),
      ...(change.configurationValues === undefined
        ? []
        : [{ type: 'ConfigurationValues', value: change.configurationValues }]),
      ...(change.podIdentityAssociations === undefined
        ? []
        : [{ type: 'PodIdentityAssociations', value: JSON.stringify(change.podIdentityAssociations) }]),
    ],
    token: change.token,
  } as const;
  const before = world.updates.repeated(request);
  if (before !== undefined) return before;
  if (addon.status === 'UPDATING')
    throw new Refusal(
      'ResourceInUseException',
      `Addon ${name} cannot be updated as it is currently in UPDATING state`,
      {
        clusterName: cluster.name,
        addonName: name,
      },
    );
  checkVersion(cluster, name, change.addonVersion);

  const update = world.updates.start(request);
  addon.status = 'UPDATING';
  world.ground.after(timings.addonUpdate, () => {
    addon.modifiedAt = world.ground.clock.now();
    const failure = world.updates.plannedFailure(scope);
    if (failure !== undefined) {
      addon.status = 'UPDATE_FAILED';
      world.updates.fail(update, failure);
      return;
    }
    apply(addon, change);
    addon.status = 'ACTIVE';
    world.updates.succeed(update);
  });
  return update;
};

const checkVersion = (cluster: Cluster, name: string, version: string | undefined): void => {
  if (version === undefined) return;
  const release = cluster.catalogue.find(name)?.releases.find(({ addonVersion }) => addonVersion === version);
  if (release === undefined || !release.minors.includes(cluster.version))
    throw new Refusal('InvalidParameterException', `Addon version specified is not supported`, {
      clusterName: cluster.name,
      addonName: name,
    });
};

/** Only PRESERVE keeps a configuration that is not sent again (EKS user guide, "Updating an add-on"). */
const apply = (addon: Addon, change: AddonUpdate): void => {
  if (change.addonVersion !== undefined) addon.version = change.addonVersion;
  if (change.configurationValues !== undefined) addon.configurationValues = change.configurationValues;
  else if (change.resolveConflicts !== 'PRESERVE') delete addon.configurationValues;
  if (change.serviceAccountRoleArn !== undefined) addon.serviceAccountRoleArn = change.serviceAccountRoleArn;
  if (change.podIdentityAssociations !== undefined)
    addon.podIdentityAssociations = change.podIdentityAssociations;
};
