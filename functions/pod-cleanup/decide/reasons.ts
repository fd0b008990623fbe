/** What a node's kubelet wrote into a pod that it ended or refused, and since which Kubernetes it does so. */
export interface ReasonFact {
  /** `status.reason`; of `TerminationByKubelet`, the reason of the condition `DisruptionTarget`. */
  readonly reason: string;
  /** The verdict's reason for deleting a pod with it. */
  readonly code: string;
  /** The minor version that writes it: the first, or, of those from before 1.20, one of the first. */
  readonly since: string;
  /** The last one, where there is one. */
  readonly until?: string;
  /** Why the pod failed. */
  readonly meaning: string;
  /** A node shutdown did it. */
  readonly shutdown: boolean;
  /** Written when the kubelet refuses a pod that never ran: `status.startTime` is then the time of the refusal. */
  readonly refusal: boolean;
  /** Where that can be read: a pull request of kubernetes/kubernetes. */
  readonly source: number;
}

/** The condition's reason for a pod that the kubelet ended, of which a shutdown is one cause among several. */
export const TERMINATION_BY_KUBELET = 'TerminationByKubelet';

/** The reasons that this automation knows by name. Others may be configured; their verdict says `listed-reason`. */
export const REASONS: readonly ReasonFact[] = [
  {
    reason: 'Shutdown',
    code: 'shutdown',
    since: '1.20',
    until: '1.21',
    meaning: 'ended by a graceful node shutdown, or refused during one',
    shutdown: true,
    refusal: true,
    source: 96129,
  },
  {
    reason: 'NodeShutdown',
    code: 'node-shutdown',
    since: '1.22',
    meaning: 'refused, because the node was shutting down',
    shutdown: true,
    refusal: true,
    source: 102840,
  },
  {
    reason: 'Terminated',
    code: 'terminated',
    since: '1.22',
    meaning: 'ended by a graceful node shutdown',
    shutdown: true,
    refusal: false,
    source: 102840,
  },
  {
    reason: TERMINATION_BY_KUBELET,
    code: 'terminated-by-kubelet',
    since: '1.26',
    meaning: 'condition `DisruptionTarget`, counted with a reason or message of a shutdown alone',
    shutdown: true,
    refusal: false,
    source: 112360,
  },
  {
    reason: 'Evicted',
    code: 'evicted',
    since: '1.3',
    meaning: 'ended under node pressure (memory, disk, processes)',
    shutdown: false,
    refusal: false,
    source: 21274,
  },
  {
    reason: 'NodeAffinity',
    code: 'node-affinity',
    since: '1.18',
    meaning: 'refused: the node does not have the labels that the pod asks for (`MatchNodeSelector` before)',
    shutdown: false,
    refusal: true,
    source: 87342,
  },
  {
    reason: 'OutOfcpu',
    code: 'out-of-cpu',
    since: '1.3',
    meaning: 'refused: not enough CPU left on the node',
    shutdown: false,
    refusal: true,
    source: 20204,
  },
  {
    reason: 'UnexpectedAdmissionError',
    code: 'unexpected-admission-error',
    since: '1.9',
    meaning: 'refused: a device plugin could not give what the pod asks for',
    shutdown: false,
    refusal: true,
    source: 54488,
  },
  {
    reason: 'Preempting',
    code: 'preempting',
    since: '1.6',
    meaning: 'ended to make room for a critical pod',
    shutdown: false,
    refusal: false,
    source: 40952,
  },
];

/** The three of the shell loop. */
export const LOOP_REASONS: readonly string[] = ['Shutdown', 'NodeShutdown', 'Terminated'];

/** The default: a node shutdown, in all ways in which a kubelet says it. */
export const PRESET_REASONS: readonly string[] = [...LOOP_REASONS, TERMINATION_BY_KUBELET];

const byReason: ReadonlyMap<string, ReasonFact> = new Map(REASONS.map((fact) => [fact.reason, fact]));

export const factOf = (reason: string | undefined): ReasonFact | undefined =>
  reason === undefined ? undefined : byReason.get(reason);
