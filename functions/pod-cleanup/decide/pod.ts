/** On a pod or a namespace: leave it alone. Any value but `false` counts. */
export const KEEP_ANNOTATION = 'eks-caretaker/keep-failed-pods';

/** The API sends text where the client's types say Date. */
type Time = Date | string | null | undefined;

export interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean | undefined;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly lastTransitionTime?: Time;
}

/** How a container ended; `terminated` is absent while it has not. */
export interface ContainerEnd {
  readonly state?:
    | { readonly terminated?: { readonly exitCode: number; readonly finishedAt?: Time } | undefined }
    | undefined;
}

/** What the rules and the verdicts look at of a pod that has ended. Every V1Pod is one. */
export interface EndedPod {
  readonly metadata?:
    | {
        readonly namespace?: string | undefined;
        readonly name?: string | undefined;
        readonly uid?: string | undefined;
        readonly resourceVersion?: string | undefined;
        readonly deletionTimestamp?: Time;
        readonly annotations?: Readonly<Record<string, string>> | undefined;
        readonly finalizers?: readonly string[] | undefined;
        readonly ownerReferences?: readonly Owner[] | undefined;
      }
    | undefined;
  readonly spec?: { readonly restartPolicy?: string | undefined } | undefined;
  readonly status?:
    | {
        readonly phase?: string | undefined;
        readonly reason?: string | undefined;
        readonly message?: string | undefined;
        readonly startTime?: Time;
        readonly conditions?: readonly Condition[] | undefined;
        readonly containerStatuses?: readonly ContainerEnd[] | undefined;
        readonly initContainerStatuses?: readonly ContainerEnd[] | undefined;
        readonly ephemeralContainerStatuses?: readonly ContainerEnd[] | undefined;
      }
    | undefined;
}

/** What makes a pod that pod and no other, in the state that was looked at. */
export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Undefined for an object that lacks one of them: it could not be deleted safely. */
export const identityOf = (pod: EndedPod): PodIdentity | undefined => {
  const { namespace, name, uid, resourceVersion } = pod.metadata ?? {};
  return namespace && name && uid && resourceVersion ? { namespace, name, uid, resourceVersion } : undefined;
};

/** The owner that controls a pod, or the first one that it names. */
export const ownerOf = (pod: EndedPod): Owner | undefined => {
  const owners = pod.metadata?.ownerReferences;
  return owners?.find(({ controller }) => controller === true) ?? owners?.[0];
};

/** Epoch ms; undefined for what is missing or no time. */
export const timeOf = (value: Time): number | undefined => {
  if (value == null) return undefined;
  const ms = new Date(value).getTime();
  return Number.isNaN(ms) ? undefined : ms;
};

/** Regular, init and ephemeral containers, as far as the kubelet has reported them. */
export const containersOf = (pod: EndedPod): readonly ContainerEnd[] => [
  ...(pod.status?.containerStatuses ?? []),
  ...(pod.status?.initContainerStatuses ?? []),
  ...(pod.status?.ephemeralContainerStatuses ?? []),
];

/**
 * The same pod without all that nobody looks at: a twentieth of it. A page lives as long as its deletes take, and
 * what lives that long is given back by the slow kind of garbage collection alone.
 */
export const essenceOf = (pod: EndedPod): EndedPod => {
  const { namespace, name, uid, resourceVersion, deletionTimestamp, annotations, finalizers } =
    pod.metadata ?? {};
  const { phase, reason, message, startTime, conditions } = pod.status ?? {};
  return {
    metadata: {
      namespace,
      name,
      uid,
      resourceVersion,
      deletionTimestamp,
      annotations: annotations?.[KEEP_ANNOTATION] === undefined ? undefined : annotations,
      finalizers,
      ownerReferences: pod.metadata?.ownerReferences,
    },
    spec: { restartPolicy: pod.spec?.restartPolicy },
    status: {
      phase,
      reason,
      message,
      startTime,
      conditions,
      containerStatuses: containersOf(pod).map(({ state }) => {
        const { exitCode = 0, finishedAt } = state?.terminated ?? {};
        return {
          state: state?.terminated === undefined ? undefined : { terminated: { exitCode, finishedAt } },
        };
      }),
    },
  };
};
