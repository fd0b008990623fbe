import type { AddOnOffer, AddOnSnapshot, Snapshot } from './snapshot.ts';
import { compareVersions } from './versions.ts';

/** Which versions an add-on goes through, in order; none where it stays as it is. */
export type AddOnTarget =
  | { readonly kind: 'update'; readonly versions: readonly string[] }
  | { readonly kind: 'keep' }
  /** EKS offers no version at all that fits the target. */
  | { readonly kind: 'no-version' };

/** Add-ons that move one minor at a time (EKS user guide, "Amazon VPC CNI": update one minor version at a time). */
const ONE_MINOR_AT_A_TIME: ReadonlySet<string> = new Set(['vpc-cni']);

/** The platform version that the cluster will have: its own where it is at the target already. */
const platformVersionAt = ({ cluster, target, versions }: Snapshot): string | undefined =>
  cluster.version === target
    ? cluster.platformVersion
    : versions.find(({ version }) => version === target)?.defaultPlatformVersion;

const compatibilityWith = (offer: AddOnOffer, target: string, platformVersion: string | undefined) =>
  offer.compatibilities.find(
    ({ clusterVersion, platformVersions }) =>
      clusterVersion === target &&
      (platformVersions.length === 0 ||
        platformVersions.includes('*') ||
        (platformVersion !== undefined && platformVersions.includes(platformVersion))),
  );

/** The offers that fit the target by cluster version and platform version, oldest first. */
export const fittingOffers = (addOn: AddOnSnapshot, snapshot: Snapshot): readonly AddOnOffer[] => {
  const platformVersion = platformVersionAt(snapshot);
  return addOn.offered
    .filter((offer) => compatibilityWith(offer, snapshot.target, platformVersion) !== undefined)
    .toSorted((a, b) => compareVersions(a.version, b.version));
};

const minorKey = (version: string): string => (version.match(/\d+/g) ?? []).slice(0, 2).join('.');

/** The newest fitting version of each minor between here and there, then the goal itself. */
const minorByMinor = (fitting: readonly string[], installed: string, goal: string): readonly string[] => {
  const between = fitting.filter(
    (version) =>
      compareVersions(version, installed) > 0 &&
      compareVersions(version, goal) < 0 &&
      minorKey(version) !== minorKey(goal) &&
      minorKey(version) !== minorKey(installed),
  );
  return [...new Map(between.map((version) => [minorKey(version), version])).values(), goal];
};

/**
 * EKS's default version for the target, or the newest one where there is no default that is newer. Never a
 * step back: an add-on that is newer than the default and fits stays.
 */
export const addOnTarget = (addOn: AddOnSnapshot, snapshot: Snapshot): AddOnTarget => {
  const platformVersion = platformVersionAt(snapshot);
  const offers = fittingOffers(addOn, snapshot);
  const fitting = offers.map(({ version }) => version);
  const newest = fitting.at(-1);
  if (newest === undefined) return { kind: 'no-version' };
  const preferred =
    offers.find((offer) => compatibilityWith(offer, snapshot.target, platformVersion)?.isDefault)?.version ??
    newest;
  if (compareVersions(preferred, addOn.version) <= 0) {
    // Already there, or ahead of the default: that is fine as long as EKS lists it for the target.
    if (fitting.includes(addOn.version)) return { kind: 'keep' };
    return compareVersions(newest, addOn.version) > 0
      ? { kind: 'update', versions: [newest] }
      : { kind: 'no-version' };
  }
  return {
    kind: 'update',
    versions: ONE_MINOR_AT_A_TIME.has(addOn.name)
      ? minorByMinor(fitting, addOn.version, preferred)
      : [preferred],
  };
};
