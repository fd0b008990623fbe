import { startBenchCluster } from './pod-cleanup/cluster.ts';
import { startPageServer } from './pod-cleanup/page-server.ts';
import type { CleanupFunction } from './pod-cleanup/run-function.ts';
import { startCleanupFunction } from './pod-cleanup/run-function.ts';
import { runShellLoop } from './pod-cleanup/shell-loop.ts';
import type { BenchRow, Pair } from './rows.ts';
import { rowOfPairs } from './rows.ts';

const BENCH = 'pod-cleanup';
const NAMESPACES = 20;
const PODS_A_NAMESPACE = 500;
const LOOP_PODS = 200;
const MEMORY_PAIRS = 3;
const FEW = 1_000;
const MANY = 100_000;

type Progress = (text: string) => void;

/** Seconds a pod: 10,000 by the bundle, by the API server alone, and 200 by the loop, on one real API server. */
const measureDeletes = async (
  cleanup: CleanupFunction,
  progress: Progress,
): Promise<{ ours: number; loop: number; server: number }> => {
  const cluster = await startBenchCluster(cleanup);
  try {
    const loopNamespace = 'bench-loop';
    const namespaces = Array.from({ length: NAMESPACES }, (_, index) => `bench-${index}`);
    await cluster.createNamespaces([loopNamespace, ...namespaces]);
    progress(`${BENCH}: the shell loop, ${LOOP_PODS} pods`);
    await cluster.createFailedPods(loopNamespace, LOOP_PODS);
    const loopSeconds = await runShellLoop(cluster.controlPlane.kubeconfig, loopNamespace);
    if ((await cluster.countFailed()) !== 0) throw new Error('the shell loop left pods behind');

    const pods = NAMESPACES * PODS_A_NAMESPACE;
    progress(`${BENCH}: ${pods} pods in ${NAMESPACES} namespaces`);
    for (const namespace of namespaces) await cluster.createFailedPods(namespace, PODS_A_NAMESPACE);
    const { url, caPem } = cluster.controlPlane;
    const { seconds, report } = await cleanup.run({ endpoint: url, caPem });
    const left = await cluster.countFailed();
    if (report.deleted !== pods || left !== 0) {
      throw new Error(`${report.deleted} of ${pods} pods were deleted, ${left} are left`);
    }
    progress(`${BENCH}: the API server alone, ${pods} pods`);
    for (const namespace of namespaces) await cluster.createFailedPods(namespace, PODS_A_NAMESPACE);
    const serverSeconds = await cluster.deletePods(namespaces, PODS_A_NAMESPACE);
    return { ours: seconds / pods, loop: loopSeconds / LOOP_PODS, server: serverSeconds / pods };
  } finally {
    await cluster.close();
  }
};

const peakMbOf = async (cleanup: CleanupFunction, pods: number): Promise<number> => {
  const server = await startPageServer(pods);
  try {
    const { peakMb, report } = await cleanup.run(server);
    const deletes = await server.countDeletes();
    if (report.deleted !== pods || deletes !== pods) {
      throw new Error(`${report.deleted} of ${pods} pods were deleted, by ${deletes} requests`);
    }
    return peakMb;
  } finally {
    await server.close();
  }
};

/** In turn, and every other time the other way round. */
const measureMemory = async (cleanup: CleanupFunction, progress: Progress): Promise<readonly Pair[]> => {
  const pairs: Pair[] = [];
  for (let index = 0; index < MEMORY_PAIRS; index++) {
    progress(`${BENCH}: memory, ${MANY} pods against ${FEW}, ${index + 1} of ${MEMORY_PAIRS}`);
    const [first, second] = index % 2 === 0 ? [MANY, FEW] : [FEW, MANY];
    const one = await peakMbOf(cleanup, first);
    const other = await peakMbOf(cleanup, second);
    pairs.push(index % 2 === 0 ? { ours: one, peer: other } : { ours: other, peer: one });
  }
  return pairs;
};

/** Deletes against the shell loop on a real API server, and memory by the number of pods. */
export const podCleanup = async (folder: string, progress: Progress): Promise<BenchRow[]> => {
  const cleanup = await startCleanupFunction(folder);
  try {
    const { ours, loop, server } = await measureDeletes(cleanup, progress);
    const memory = await measureMemory(cleanup, progress);
    return [
      rowOfPairs(
        {
          bench: BENCH,
          measure: 'delete',
          unit: 's a pod',
          target: 0.01,
          note: `${NAMESPACES * PODS_A_NAMESPACE} Failed pods in ${NAMESPACES} namespaces by the bundle, journal and events included; peer: kubectl get | jq | xargs kubectl delete, ${LOOP_PODS} pods of one namespace on the same API server`,
        },
        [{ ours, peer: loop }],
      ),
      rowOfPairs(
        {
          bench: BENCH,
          measure: 'delete-server',
          unit: 's a pod',
          note: 'the same; peer: this API server asked for the same deletes and nothing else, as many at once',
        },
        [{ ours, peer: server }],
      ),
      rowOfPairs(
        {
          bench: BENCH,
          measure: 'memory',
          unit: 'MB',
          target: 1.2,
          note: `peak resident set of the function's process, cleaning up ${MANY} pods; peer: ${FEW} pods`,
        },
        memory,
      ),
    ];
  } finally {
    await cleanup.close();
  }
};
