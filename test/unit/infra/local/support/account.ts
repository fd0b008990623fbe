import type { ProtocolServer } from '../../../../../infra/local/protocol/server.ts';
import { startProtocolServer } from '../../../../../infra/local/protocol/server.ts';
import { worldServices } from '../../../../../infra/local/services/aws-services.ts';
import { administrator } from '../../../../../infra/local/world/principals.ts';
import type { WorldSpec } from '../../../../../infra/local/world/spec.ts';
import type { World } from '../../../../../infra/local/world/world.ts';
import { createWorld, worldClockFor } from '../../../../../infra/local/world/world.ts';
import { worldSpec } from './specs.ts';

export interface TestAccount {
  readonly world: World;
  readonly server: ProtocolServer;
  /** For an SDK client, as the administrator. */
  readonly client: {
    endpoint: string;
    region: string;
    maxAttempts: number;
    credentials: { accessKeyId: string; secretAccessKey: string };
  };
  /** Lets so many seconds of the world's time pass. */
  pass(seconds: number): void;
  close(): Promise<void>;
}

/** A world with its services on the wire, without functions. */
export const startTestAccount = async (spec: WorldSpec = worldSpec): Promise<TestAccount> => {
  const world = await createWorld(spec, worldClockFor(spec));
  const server = await startProtocolServer({
    clock: world.clock,
    region: world.region,
    services: worldServices(world),
    knowsKey: (key) => world.principals.has(key),
  });
  const { accessKeyId, secretAccessKey } = administrator;
  return {
    world,
    server,
    client: {
      endpoint: server.endpoint,
      region: world.region,
      maxAttempts: 1,
      credentials: { accessKeyId, secretAccessKey },
    },
    pass: (seconds) => world.clock.jumpTo(world.clock.now() + seconds * 1000),
    close: async () => {
      await server.close();
      await world.close();
    },
  };
};
