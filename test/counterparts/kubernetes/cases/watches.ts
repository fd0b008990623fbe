import type { Body, WatchEvent } from '../port.ts';
import type { World } from '../world.ts';
import { podBody } from '../world.ts';
import type { Case } from './case.ts';
import { inGroup, one } from './case.ts';

type Watched = { readonly events: readonly WatchEvent[] } | Body;

/** What happened, without the objects. */
const story = (watched: Watched): unknown =>
  'events' in watched
    ? watched.events.map(
        ({ type, object }) => `${type} ${object.metadata?.name ?? object.reason ?? 'nothing'}`,
      )
    : watched;

const change = (world: World) => async () => {
  await world.do('POST', world.pods, { body: podBody('b', { node: null, labels: { app: 'db' } }) });
  await world.patch(`${world.pods}/b`, { metadata: { labels: { app: 'web' } } });
  await world.patch(`${world.pods}/b`, { metadata: { labels: { app: 'cache' } } });
  await world.do('DELETE', `${world.pods}/b`);
};

const watch = (world: World, query: Readonly<Record<string, string>>, enough: number, does = change(world)) =>
  world.side.watch(`${world.pods}?${new URLSearchParams({ watch: 'true', timeoutSeconds: '5', ...query })}`, {
    enough,
    meanwhile: does,
  });

const versionOf = async (world: World): Promise<string> =>
  (await world.get(world.pods)).body.metadata?.resourceVersion ?? '';

export const watchCases: readonly Case[] = inGroup('watch', [
  one('from a resourceVersion on', async (world) => {
    await world.pod('a');
    return story(await watch(world, { resourceVersion: await versionOf(world) }, 5));
  }),
  one('with the objects as they are', async (world) => {
    const resourceVersion = await versionOf(world);
    return watch(world, { resourceVersion }, 1);
  }),
  one('from a resourceVersion of before', async (world) => {
    const resourceVersion = await versionOf(world);
    await change(world)();
    return story(await watch(world, { resourceVersion }, 5, async () => {}));
  }),
  one('from now on: what is there comes first', async (world) => {
    await world.pod('a');
    return story(await watch(world, {}, 6));
  }),
  one('of labels: what stops to match is gone, what starts to is new', async (world) =>
    story(await watch(world, { resourceVersion: await versionOf(world), labelSelector: 'app=web' }, 2)),
  ),
  one('of a name', async (world) =>
    story(
      await watch(world, { resourceVersion: await versionOf(world), fieldSelector: 'metadata.name=b' }, 5),
    ),
  ),
  one('with the list first', async (world) => {
    await world.pod('a');
    const query = {
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
    };
    return story(await watch(world, query, 3));
  }),
  one('that ends after a second', async (world) => {
    const resourceVersion = await versionOf(world);
    return story(await watch(world, { resourceVersion, timeoutSeconds: '1' }, 5, async () => {}));
  }),
  one('from a resourceVersion that is none', async (world) =>
    story(await watch(world, { resourceVersion: 'new' }, 1, async () => {})),
  ),
  one('by a field that is none', async (world) =>
    story(await watch(world, { fieldSelector: 'a=b' }, 1, async () => {})),
  ),
]);
