import type { UpdateSnapshot } from './snapshot.ts';

/** A step can be carried on from an update that is under way where it is the very one that it would start. */

export const isVersionUpdateTo = (update: UpdateSnapshot, version: string): boolean =>
  update.type === 'VersionUpdate' && update.params.Version === version;

export const isAddOnUpdateTo = (update: UpdateSnapshot, addOnVersion: string): boolean =>
  update.type === 'AddonUpdate' && update.params.AddonVersion === addOnVersion;
