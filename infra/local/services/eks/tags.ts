import { text, textMap, texts } from '../../protocol/input.ts';
import type { Route } from '../../protocol/rest-json.ts';
import { Refusal } from '../../world/refusal.ts';
import type { World } from '../../world/world.ts';

/** 50 tags a resource is AWS's limit everywhere. */
const mostTags = 50;

export const tagRoutes = (world: World): readonly Route[] => [
  {
    operation: 'ListTagsForResource',
    method: 'GET',
    path: '/tags/{resourceArn}',
    run: (input) => ({ tags: Object.fromEntries(tagsOf(world, text(input, 'resourceArn'))) }),
  },
  {
    operation: 'TagResource',
    method: 'POST',
    path: '/tags/{resourceArn}',
    run: (input) => {
      const tags = tagsOf(world, text(input, 'resourceArn'));
      const added = Object.entries(textMap(input, 'tags'));
      if (new Set([...tags.keys(), ...added.map(([key]) => key)]).size > mostTags)
        throw new Refusal('BadRequestException', `Tag count exceeds the limit of ${mostTags}.`);
      for (const [key, value] of added) tags.set(key, value);
      return {};
    },
  },
  {
    operation: 'UntagResource',
    method: 'DELETE',
    path: '/tags/{resourceArn}',
    lists: ['tagKeys'],
    run: (input) => {
      const tags = tagsOf(world, text(input, 'resourceArn'));
      for (const key of texts(input, 'tagKeys')) tags.delete(key);
      return {};
    },
  },
];

const tagsOf = (world: World, arn: string): Map<string, string> => {
  for (const cluster of world.clusters.values()) {
    if (cluster.arn === arn) return cluster.tags;
    const found = [...cluster.nodeGroups.values(), ...cluster.addons.values()].find((one) => one.arn === arn);
    if (found !== undefined) return found.tags;
  }
  throw new Refusal('NotFoundException', `The specified resource could not be found: ${arn}`);
};
