import { restJson } from '../../protocol/rest-json.ts';
import type { Service } from '../../protocol/service.ts';
import type { World } from '../../world/world.ts';
import { translatedRoutes } from '../refusals.ts';
import { accessRoutes } from './access.ts';
import { addonRoutes } from './addons.ts';
import { clusterRoutes } from './clusters.ts';
import { insightRoutes } from './insights.ts';
import { nodeGroupRoutes } from './node-groups.ts';
import { tagRoutes } from './tags.ts';
import { updateRoutes } from './updates.ts';

/** Amazon EKS (REST JSON, 2017-11-01). */
export const eksService = (world: World): Service =>
  restJson(
    'eks',
    translatedRoutes(
      [
        ...clusterRoutes(world),
        ...nodeGroupRoutes(world),
        ...updateRoutes(world),
        ...addonRoutes(world),
        ...insightRoutes(world),
        ...accessRoutes(world),
        ...tagRoutes(world),
      ],
      { ResourceNotFoundException: 404, NotFoundException: 404, ResourceInUseException: 409 },
    ),
  );
