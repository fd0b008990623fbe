import { isoTime } from '../../../shared/core/clock.ts';
import type { Run } from '../context.ts';
import { runKey } from '../context.ts';
import { minorOf } from '../decide/versions.ts';
import type { UpgradePorts } from '../ports.ts';
import { changeRecord } from '../records.ts';
import type { StepHead } from './preflight.ts';
import { loadPlan } from './preflight.ts';
import { renewLock } from './renew.ts';

export interface Verification {
  readonly at: number;
  /** What is not as planned; empty when all is. */
  readonly problems: readonly string[];
  readonly readyNodes: number;
}

interface VerifyState extends Verification {
  readonly since: number;
  readonly over: boolean;
}

const LIMIT_MS = 15 * 60_000; // nodes register and become Ready within minutes
const PROBLEMS_NAMED = 50;

/** Control plane, groups, add-ons and nodes as the plan wants them. Reads alone. */
export const verifyOnce = async (
  ports: UpgradePorts,
  wanted: {
    cluster: string;
    version: string;
    nodeGroups: readonly string[];
    addOns: ReadonlyMap<string, string>;
  },
): Promise<Pick<Verification, 'problems' | 'readyNodes'>> => {
  const problems: string[] = [];
  const { cluster, version } = wanted;
  const facts = await ports.clusters.describe(cluster);
  if (facts?.version !== version || facts.status !== 'ACTIVE') {
    problems.push(`cluster/${cluster} is ${facts?.status ?? 'gone'} at ${facts?.version ?? 'no version'}`);
  }
  const nodes = await ports.inside.nodes(cluster);
  let readyNodes = 0;
  for (const name of wanted.nodeGroups) {
    const group = await ports.nodeGroups.describe(cluster, name);
    if (group === undefined) continue; // deleted meanwhile by its owner
    if (group.version !== version || group.status !== 'ACTIVE') {
      problems.push(`node-group/${name} is ${group.status} at ${group.version}`);
    }
    const ready = nodes.filter(
      ({ nodeGroup, ready: isReady, kubeletVersion }) =>
        nodeGroup === name && isReady && minorOf(kubeletVersion) === minorOf(version),
    ).length;
    readyNodes += ready;
    if (ready < group.desired) {
      problems.push(`node-group/${name} has ${ready} of ${group.desired} nodes Ready at ${version}`);
    }
  }
  for (const [name, addonVersion] of wanted.addOns) {
    const addOn = await ports.addOns.describe(cluster, name);
    if (addOn === undefined) continue; // removed meanwhile by its owner
    if (addOn.version !== addonVersion || addOn.status !== 'ACTIVE') {
      problems.push(`add-on/${name} is ${addOn.status} at ${addOn.version}`);
    }
  }
  return { problems: problems.slice(0, PROBLEMS_NAMED), readyNodes };
};

const enterPhase = (run: Run): Promise<void> =>
  run.durable.step('verify: begin', async () => {
    const updatedAt = isoTime(run.deps.clock.now());
    await changeRecord(run.deps.store, runKey(run), (current) => {
      if (current === undefined)
        throw new Error(`the record of ${run.durable.executionName} is gone from the table`);
      return { ...current, phase: 'verify', updatedAt };
    });
  });

/** Asks until all is as planned, at most 15 minutes. */
export const verify = async (
  run: Run,
  planned: { steps: readonly StepHead[]; planKey: string },
): Promise<Verification> => {
  const { clock, ports } = run.deps;
  await enterPhase(run);
  return run.durable.poll<VerifyState>('verify', {
    initial: { at: 0, problems: [], readyNodes: 0, since: 0, over: false },
    everySeconds: 15,
    check: async (state) => {
      const at = clock.now();
      const since = state.since === 0 ? at : state.since;
      await renewLock(run);
      const { plan } = await loadPlan(run, planned.planKey);
      const found = await verifyOnce(ports, {
        cluster: run.input.cluster,
        version: run.input.version,
        nodeGroups: planned.steps.flatMap(({ kind, target }) =>
          kind === 'node-group' ? [target.slice('node-group/'.length)] : [],
        ),
        addOns: new Map(
          plan.steps.flatMap(({ kind, target, after }): [string, string][] =>
            kind === 'add-on' ? [[target.slice('add-on/'.length), after.addonVersion ?? '']] : [],
          ),
        ),
      });
      return { at, since, ...found, over: found.problems.length === 0 || at - since >= LIMIT_MS };
    },
    done: ({ over }) => over,
  });
};
