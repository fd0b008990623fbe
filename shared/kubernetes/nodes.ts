import type { V1Node, V1Taint } from '@kubernetes/client-node';
import type { KubernetesApi } from './client.ts';
import { isConflict, isNotFound, KubernetesApiError, KubernetesConnectionError } from './errors.ts';
import { listAll } from './list-all.ts';
import { NODES } from './resources.ts';

/** Who set `spec.unschedulable`: the key of our taint. Without it somebody else did, and it stays when we undo ours. */
export const CORDON_ANNOTATION = 'eks-caretaker/cordoned-for';

const PATCH_ATTEMPTS = 5;
/** After a fault of the server, doubled with each: 1.5 s in all, within what one cordon of a batch may take. */
const FIRST_PAUSE_MS = 100;

/**
 * Load balancers outside the cluster take a node with this label out of their targets (service controller;
 * Kubernetes reference, "Well-Known Labels"). The annotation says that the label is ours.
 */
export const EXCLUDE_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';
export const EXCLUDED_ANNOTATION = 'eks-caretaker/excluded-from-load-balancers-for';

export type CordonResult =
  | { readonly kind: 'cordoned'; readonly node: V1Node }
  /** It was as wanted before: nothing was sent. */
  | { readonly kind: 'already-cordoned'; readonly node: V1Node }
  /** Not to be undone any more, by what `isOurs` of `uncordonAll` sees in it as it is now. */
  | { readonly kind: 'left'; readonly node: V1Node }
  /** Deleted, or deleted and registered again under another UID. */
  | { readonly kind: 'gone' };

/** All nodes, or those with the given labels (`eks.amazonaws.com/nodegroup=web-a`). */
export const listNodes = (api: KubernetesApi, options: { labelSelector?: string } = {}): Promise<V1Node[]> =>
  listAll<V1Node>(api, NODES, options);

/** A node by name, asked for after a while (`afterMs`); undefined where there is none. */
export const getNode = async (
  api: KubernetesApi,
  name: string,
  { afterMs = 0 }: { afterMs?: number } = {},
): Promise<V1Node | undefined> => {
  try {
    return await api.request<V1Node>('get', NODES, { name, ...(afterMs === 0 ? {} : { afterMs }) });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
};

/** The instance behind a node: the last part of `spec.providerID`, `aws:///<zone>/<instance id>`. */
export const instanceIdOf = (node: V1Node): string | undefined => node.spec?.providerID?.split('/').at(-1);

export interface WantedNode {
  readonly instanceId: string;
  /** Where it is likely to be found: EC2's PrivateDnsName. */
  readonly name?: string;
}

/**
 * The nodes of EC2 instances, by instance id. Names are only believed where `spec.providerID` agrees; all
 * that are not found so are looked for in one list. Instances without a node are missing from the answer.
 */
export const findNodes = async (
  api: KubernetesApi,
  wanted: readonly WantedNode[],
): Promise<ReadonlyMap<string, V1Node>> => {
  const found = new Map<string, V1Node>();
  await Promise.all(
    wanted.map(async ({ instanceId, name }) => {
      if (name === undefined || name === '') return;
      const node = await getNode(api, name);
      if (node !== undefined && instanceIdOf(node) === instanceId) found.set(instanceId, node);
    }),
  );
  const missing = new Set(wanted.map(({ instanceId }) => instanceId).filter((id) => !found.has(id)));
  if (missing.size === 0) return found;
  for (const node of await listNodes(api)) {
    const instanceId = instanceIdOf(node);
    if (instanceId !== undefined && missing.has(instanceId)) found.set(instanceId, node);
  }
  return found;
};

export const findNode = async (api: KubernetesApi, wanted: WantedNode): Promise<V1Node | undefined> =>
  (await findNodes(api, [wanted])).get(wanted.instanceId);

export const isReady = (node: V1Node): boolean =>
  node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

/** The NoSchedule taint that goes with our cordon, for example `eks-caretaker/spot-interruption`. */
const noSchedule = (key: string): V1Taint => ({ key, effect: 'NoSchedule' });

const hasTaint = (node: V1Node, key: string): boolean =>
  node.spec?.taints?.some((taint) => taint.key === key && taint.effect === 'NoSchedule') ?? false;

/** A lost answer or a server's fault: whether the patch was applied is only known after a fresh read. */
const isUnclear = (error: unknown): boolean =>
  error instanceof KubernetesConnectionError || (error instanceof KubernetesApiError && error.status >= 500);

/**
 * Patches a node under an optimistic lock (`metadata.resourceVersion` in the patch; a merge patch replaces
 * the whole list of taints). A conflict is followed by a fresh read at once, an unclear answer by one after a pause;
 * throws when five attempts did not do, so that nothing is ever taken for patched that is not.
 */
export const patchNode = async (
  api: KubernetesApi,
  node: V1Node,
  change: {
    done: (node: V1Node) => boolean;
    patch: (node: V1Node) => object;
    leave?: (node: V1Node) => boolean;
  },
): Promise<CordonResult> => {
  const name = node.metadata?.name ?? '';
  let current = node;
  let mayBeOurs = false;
  let pauseMs = FIRST_PAUSE_MS;
  for (let attempt = 1; ; attempt += 1) {
    if (change.done(current)) return { kind: mayBeOurs ? 'cordoned' : 'already-cordoned', node: current };
    if (change.leave?.(current)) return { kind: 'left', node: current };
    const { metadata, ...rest } = change.patch(current) as { metadata?: object };
    const body = { metadata: { ...metadata, resourceVersion: current.metadata?.resourceVersion }, ...rest };
    let afterMs = 0;
    try {
      return { kind: 'cordoned', node: await api.request<V1Node>('patch', NODES, { name, body }) };
    } catch (error) {
      if (isNotFound(error)) return { kind: 'gone' };
      if (attempt === PATCH_ATTEMPTS || !(isConflict(error) || isUnclear(error))) throw error;
      // A conflict changed nothing: what is there then is somebody else's.
      if (isUnclear(error)) {
        mayBeOurs = true;
        afterMs = pauseMs;
        pauseMs *= 2;
      }
    }
    const fresh = await getNode(api, name, { afterMs });
    if (fresh === undefined || fresh.metadata?.uid !== node.metadata?.uid) return { kind: 'gone' };
    current = fresh;
  }
};

export interface CordonOptions {
  /** Key of the NoSchedule taint. */
  readonly taint: string;
  /** Label the node in the same patch, so that external load balancers take it out. */
  readonly excludeFromLoadBalancers?: boolean;
}

/** Marks as they have to be added; somebody else's cordon and label stay somebody else's. */
const marksFor = (
  node: V1Node,
  { taint, excludeFromLoadBalancers }: CordonOptions,
): { metadata?: object } => {
  const excludes = excludeFromLoadBalancers === true && node.metadata?.labels?.[EXCLUDE_LABEL] === undefined;
  const annotations = {
    ...(node.spec?.unschedulable === true ? {} : { [CORDON_ANNOTATION]: taint }),
    ...(excludes ? { [EXCLUDED_ANNOTATION]: taint } : {}),
  };
  if (Object.keys(annotations).length === 0) return {};
  return { metadata: { annotations, ...(excludes ? { labels: { [EXCLUDE_LABEL]: 'true' } } : {}) } };
};

/**
 * Keeps new pods off a node: `spec.unschedulable` and a NoSchedule taint with the given key, in one patch.
 * Needs nodes get and patch. Throws KubernetesApiError or KubernetesConnectionError when it cannot be done.
 */
export const cordon = (api: KubernetesApi, node: V1Node, options: CordonOptions): Promise<CordonResult> =>
  patchNode(api, node, {
    done: (current) =>
      current.spec?.unschedulable === true &&
      hasTaint(current, options.taint) &&
      (options.excludeFromLoadBalancers !== true || current.metadata?.labels?.[EXCLUDE_LABEL] !== undefined),
    patch: (current) => ({
      ...marksFor(current, options),
      spec: {
        unschedulable: true,
        taints: [
          ...(current.spec?.taints ?? []).filter(({ key }) => key !== options.taint),
          noSchedule(options.taint),
        ],
      },
    }),
  });

/**
 * Undoes `cordon`: our taint goes, and `spec.unschedulable` where it was us who set it. `cordoned` in the
 * answer means that the patch was applied, `already-cordoned` that there was nothing to undo.
 */
export const uncordon = (
  api: KubernetesApi,
  node: V1Node,
  options: { taint: string },
): Promise<CordonResult> => uncordonAll(api, node, { taints: [options.taint] });

/**
 * The same for a node that was cordoned more than once, for one thing after the other. `isOurs` is asked before each
 * attempt: a node that has changed since it was looked at may be cordoned for somebody else's reasons by now.
 */
export const uncordonAll = (
  api: KubernetesApi,
  node: V1Node,
  options: { taints: readonly string[]; isOurs?: (current: V1Node) => boolean },
): Promise<CordonResult> => {
  const { taints, isOurs: mayUndo = () => true } = options;
  const marks = (current: V1Node, annotation: string) =>
    taints.includes(current.metadata?.annotations?.[annotation] ?? '');
  const isOurs = (current: V1Node) => marks(current, CORDON_ANNOTATION);
  const isExcludedByUs = (current: V1Node) => marks(current, EXCLUDED_ANNOTATION);
  return patchNode(api, node, {
    done: (current) =>
      !taints.some((taint) => hasTaint(current, taint)) && !isOurs(current) && !isExcludedByUs(current),
    leave: (current) => !mayUndo(current),
    patch: (current) => ({
      metadata: {
        annotations: {
          ...(isOurs(current) ? { [CORDON_ANNOTATION]: null } : {}),
          ...(isExcludedByUs(current) ? { [EXCLUDED_ANNOTATION]: null } : {}),
        },
        ...(isExcludedByUs(current) ? { labels: { [EXCLUDE_LABEL]: null } } : {}),
      },
      spec: {
        ...(isOurs(current) ? { unschedulable: null } : {}),
        taints: (current.spec?.taints ?? []).filter(({ key }) => !taints.includes(key)),
      },
    }),
  });
};
