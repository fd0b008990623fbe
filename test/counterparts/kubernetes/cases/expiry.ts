import type { World } from '../world.ts';
import { podBody } from '../world.ts';
import type { Case } from './case.ts';
import { inGroup, one, sharing } from './case.ts';

interface Old {
  readonly token: string;
  readonly resourceVersion: string;
}

const olds = new WeakMap<World, Old>();

/** Three pods, a first page of one, and then a change: all of it before the server is made to forget. */
export const beforeExpiry = sharing('expiry', async (world) => {
  for (const name of ['a', 'c', 'd'])
    await world.do('POST', world.pods, { body: podBody(name, { node: null }) });
  const { metadata } = (await world.get(`${world.pods}?limit=1`)).body;
  olds.set(world, {
    token: metadata?.continue ?? '',
    resourceVersion: metadata?.resourceVersion ?? '',
  });
  await world.do('DELETE', `${world.pods}/d`);
  await world.do('POST', world.pods, { body: podBody('b', { node: null }) });
});

const oldOf = async (own: World) => {
  const world = await beforeExpiry(own);
  const old = olds.get(world);
  if (old === undefined) throw new Error('nothing was prepared');
  const list = (query: Record<string, string>) => world.get(`${world.pods}?${new URLSearchParams(query)}`);
  return { ...old, list, world };
};

/** The answer of a server that has forgotten the revision behind the token. */
const whenForgotten = async (own: World) => {
  const { list, token, world } = await oldOf(own);
  await world.side.forget();
  return world.until('the old token has expired', async () => {
    const answer = await list({ limit: '1', continue: token });
    return answer.status === 200 ? undefined : answer;
  });
};

/** To be run when nothing else is any more: the embedded API's clock jumps. */
export const expiryCases: readonly Case[] = inGroup('an old list', [
  one('is 410 and comes with a fresh token', whenForgotten),
  one('goes on with the fresh token, as things are now', async (own) => {
    const { list } = await oldOf(own);
    const refused = await whenForgotten(own);
    return list({ continue: refused.body.metadata?.continue ?? '' });
  }),
  one('goes on with the fresh token page by page', async (own) => {
    const { list } = await oldOf(own);
    const refused = await whenForgotten(own);
    const first = await list({ limit: '1', continue: refused.body.metadata?.continue ?? '' });
    return [first, await list({ limit: '1', continue: first.body.metadata?.continue ?? '' })];
  }),
  one('cannot be had by its resourceVersion', async (own) => {
    await whenForgotten(own);
    const { list, resourceVersion } = await oldOf(own);
    return list({ resourceVersion, resourceVersionMatch: 'Exact' });
  }),
  one('can be had from its resourceVersion on', async (own) => {
    await whenForgotten(own);
    const { list, resourceVersion } = await oldOf(own);
    return list({ resourceVersion });
  }),
]);
