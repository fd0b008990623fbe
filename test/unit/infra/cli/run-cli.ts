import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import pc from 'picocolors';
import type { CliContext, ExitCode } from '../../../../infra/cli/context.ts';
import { findDeployment } from '../../../../infra/cli/deployment.ts';
import type { ClusterFacts } from '../../../../infra/cli/doctor/facts.ts';
import type { FunctionsPort } from '../../../../infra/cli/functions-port.ts';
import { main } from '../../../../infra/cli/main.ts';
import type { FakeClock } from '../../../fixtures/fake-clock.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import type { MemoryStore } from '../../../fixtures/memory-store.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';

export interface FakeFunctions extends FunctionsPort {
  readonly calls: (readonly unknown[])[];
  /** What `invoke` answers. */
  result: unknown;
  /** Names that another payload has taken. */
  readonly taken: Set<string>;
}

const createFakeFunctions = (): FakeFunctions => {
  const fake: FakeFunctions = {
    calls: [],
    result: undefined,
    taken: new Set(),
    invoke: async (...call) => {
      fake.calls.push(['invoke', ...call]);
      if (fake.result instanceof Error) throw fake.result;
      return fake.result;
    },
    startExecution: async (...call) => {
      fake.calls.push(['start', ...call]);
      return !fake.taken.has(call[1]);
    },
    succeedCallback: async (...call) => {
      fake.calls.push(['succeed', ...call]);
    },
    failCallback: async (...call) => {
      fake.calls.push(['fail', ...call]);
    },
  };
  return fake;
};

export interface CliRun {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

export interface CliWorld {
  readonly clock: FakeClock;
  readonly store: MemoryStore;
  readonly functions: FakeFunctions;
  /** Outputs of the stack `eks-caretaker`; undefined: there is no such stack. */
  outputs: Readonly<Record<string, string>> | undefined;
  /** What EKS says of clusters, by name. */
  clusters: Readonly<Record<string, ClusterFacts>>;
  /** Groups of access entries, by the role's ARN. */
  accessGroups: Readonly<Record<string, readonly string[]>>;
  /** Names of the stacks that commands asked for. */
  readonly stacks: string[];
  run(...args: readonly string[]): Promise<CliRun>;
}

/** The command line with everything behind it in memory. */
export const createCliWorld = (): CliWorld => {
  const clock = createFakeClock('2026-11-19T22:00:00Z');
  const world: CliWorld = {
    clock,
    store: createMemoryStore(clock),
    functions: createFakeFunctions(),
    outputs: { TableName: 'state' },
    clusters: {},
    accessGroups: {},
    stacks: [],
    run: async (...args) => {
      const out: string[] = [];
      const err: string[] = [];
      const context: CliContext = {
        out: (text) => out.push(text),
        err: (text) => err.push(text),
        colors: pc.createColors(false),
        clock,
        user: 'anna',
        connect: async (stackName) => {
          world.stacks.push(stackName);
          const deployment = findDeployment({
            stackName,
            environment: {},
            describeStack: async (name) => (name === 'eks-caretaker' ? world.outputs : undefined),
          });
          await deployment.table();
          return { deployment, store: world.store, functions: world.functions };
        },
        inspect: async () => ({
          outputs: async (name) => (name === 'eks-caretaker' ? world.outputs : undefined),
          cluster: async (name) => world.clusters[name],
          accessGroups: async (_, roleArn) => world.accessGroups[roleArn],
        }),
      };
      const code = await main(args, context);
      return { code, out: out.join('\n'), err: err.join('\n') };
    },
  };
  return world;
};

const directory = mkdtempSync(join(tmpdir(), 'caretaker-config-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let files = 0;

/** Writes a caretaker.yaml and answers its path. */
export const configFile = (yaml: string): string => {
  files += 1;
  const file = join(directory, `caretaker-${files}.yaml`);
  writeFileSync(file, yaml);
  return file;
};
