import type { Mode } from '../../../shared/core/mode.ts';
import type { Run } from '../context.ts';
import { canonicalJson, sha256 } from '../decide/canonical.ts';
import type { Check } from '../decide/check.ts';
import type { PlanStep, UpgradePlan } from '../decide/plan.ts';
import { assess } from '../decide/preflight.ts';
import { gatherSnapshot } from '../gather.ts';
import { renewLock } from './renew.ts';

/** The steps of a plan without their requests: small enough for a checkpoint however large the cluster is. */
export type StepHead = Pick<PlanStep, 'id' | 'kind' | 'target'> & {
  /** Its place in the plan, from 1. */
  readonly number: number;
};

export type Preflighted =
  | {
      readonly kind: 'planned';
      readonly at: number;
      readonly mode: Mode;
      readonly snapshotKey: string;
      readonly planKey: string;
      readonly planHash: string;
      readonly fromVersion: string;
      readonly blockedBy: readonly string[];
      readonly steps: readonly StepHead[];
    }
  | { readonly kind: 'cluster-not-found' | 'lock-lost'; readonly at: number; readonly mode: Mode };

/** What lies under `planKey`. */
export interface StoredPlan {
  readonly planHash: string;
  readonly plan: UpgradePlan;
  readonly checks: readonly Check[];
}

const REFRESH_LIMIT_MS = 15 * 60_000;

/** Has EKS look again and waits until it has. What it says after 15 minutes is what the check judges. */
const refreshInsights = async (run: Run, label: string): Promise<string> => {
  const { clock, ports } = run.deps;
  const { cluster } = run.input;
  await run.durable.step(`${label}: refresh insights`, () => ports.insights.startRefresh(cluster));
  const { status } = await run.durable.poll(`${label}: insights refreshed`, {
    initial: { status: 'IN_PROGRESS', since: 0, over: false },
    everySeconds: 15,
    check: async ({ since }) => {
      const now = clock.now();
      const begun = since === 0 ? now : since;
      const found = await ports.insights.refreshStatus(cluster);
      const isOpen = found === 'IN_PROGRESS' || found === 'NONE';
      return { status: found, since: begun, over: !isOpen || now - begun >= REFRESH_LIMIT_MS };
    },
    done: ({ over }) => over,
  });
  return status;
};

/** Snapshot, checks and plan; both documents go to the bucket under keys that name their content. */
export const preflight = async (run: Run, label: string): Promise<Preflighted> => {
  const { cluster, version } = run.input;
  const { blobs, clock, ports, readMode } = run.deps;
  const insightsRefresh = await refreshInsights(run, label);
  return run.durable.step<Preflighted>(`${label}: plan`, async () => {
    const at = clock.now();
    const mode = await readMode(cluster);
    if (!(await renewLock(run))) return { kind: 'lock-lost', at, mode };
    const gathered = await gatherSnapshot(ports, { cluster, target: version, insightsRefresh });
    if (gathered.kind === 'cluster-not-found') return { kind: 'cluster-not-found', at, mode };
    const { plan, planHash, checks, blockedBy } = assess(gathered.snapshot);
    const stored: StoredPlan = { planHash, plan, checks };
    const put = async (name: string, document: object): Promise<string> => {
      const body = canonicalJson(document);
      const key = `upgrades/${cluster}/${run.durable.executionName}/${name}-${sha256(body).slice(0, 16)}.json`;
      await blobs.put(key, body, 'application/json');
      return key;
    };
    return {
      kind: 'planned',
      at,
      mode,
      snapshotKey: await put('snapshot', gathered.snapshot),
      planKey: await put('plan', stored),
      planHash,
      fromVersion: plan.fromVersion,
      blockedBy,
      steps: plan.steps.map(({ id, kind, target }, index) => ({ id, kind, target, number: index + 1 })),
    };
  });
};

/** Reads a plan back; throws where it is gone or is not what was stored. Call inside a step. */
export const loadPlan = async (run: Run, planKey: string): Promise<StoredPlan> => {
  const body = await run.deps.blobs.get(planKey);
  if (body === undefined)
    throw new Error(`the plan ${planKey} is gone from the bucket; plan and start again`);
  if (!planKey.includes(sha256(body).slice(0, 16))) {
    throw new Error(`the plan ${planKey} was changed in the bucket; plan and start again`);
  }
  return JSON.parse(body) as StoredPlan;
};
