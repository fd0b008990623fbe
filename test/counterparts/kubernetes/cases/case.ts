import type { KnownDifference, Said } from '../comparison.ts';
import type { Side } from '../port.ts';
import type { World } from '../world.ts';
import { openWorld } from '../world.ts';

/** One behaviour of the API, asked for in the same way on either side. */
export interface Case {
  /** What is asked; a row of the table. Unique in the list. */
  readonly behaviour: string;
  readonly run: (world: World) => Promise<Said>;
  readonly known?: KnownDifference;
  /** Runs on this side alone, and why. */
  readonly only?: { readonly side: 'embedded' | 'counterpart'; readonly why: string };
}

type Run = Case['run'];
type Rest = Pick<Case, 'known' | 'only'>;

export const one = (behaviour: string, run: Run, rest: Rest = {}): Case => ({ behaviour, run, ...rest });

/** One behaviour with several values of something; `{}` in the sentence is where the value stands. */
export const each = <T>(
  behaviour: string,
  values: readonly (readonly [shown: string, value: T])[],
  run: (world: World, value: T) => Promise<Said>,
): readonly Case[] =>
  values.map(([shown, value]) => one(behaviour.replace('{}', shown), (world) => run(world, value)));

const quoted =
  'the real message quotes the whole object, managedFields included, in its own order of fields; nobody reads it';

/** A patch whose outcome is no object of that kind (kubernetes, apiserver/pkg/endpoints/handlers/patch.go). */
export const wholeObject: KnownDifference = {
  parts: ['[0].body.message', '[0].body.details.causes[0].message'],
  why: quoted,
};
export const wholeObjectAlone: KnownDifference = {
  parts: ['body.message', 'body.details.causes[0].message'],
  why: quoted,
};

/** Cases that all differ in the same known way. */
export const knownAs = (known: KnownDifference, cases: readonly Case[]): readonly Case[] =>
  cases.map((each) => ({ ...each, known }));

export const inGroup = (group: string, cases: readonly Case[]): readonly Case[] =>
  cases.map((each) => ({ ...each, behaviour: `${group}: ${each.behaviour}` }));

/** A world of its own, prepared once a side and shared by all cases that only read it. */
export const sharing = (
  name: string,
  prepare: (world: World) => Promise<unknown>,
): ((own: World) => Promise<World>) => {
  const worlds = new WeakMap<Side, Promise<World>>();
  const open = async ({ side, namespace }: World): Promise<World> => {
    const world = await openWorld(side, `${namespace.split('-')[0]}-shared-${name}`);
    await prepare(world);
    return world;
  };
  return (own) => {
    const shared = worlds.get(own.side) ?? open(own);
    worlds.set(own.side, shared);
    return shared;
  };
};
