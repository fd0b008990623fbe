import type { EndedPod } from './pod.ts';

/** Until the Job controller has counted a pod that ended, this is on it (Kubernetes documentation, Job). */
const JOB_TRACKING = 'batch.kubernetes.io/job-tracking';

/**
 * Why the pod of a Job stays; undefined for all others and for those that may go. A pod that its Job has not counted
 * yet is never touched, whatever is configured: its result would be lost.
 */
export const jobReason = (
  pod: EndedPod,
  { deleteJobPods }: { readonly deleteJobPods: boolean },
): 'job-not-counted-yet' | 'job-pod' | undefined => {
  if (pod.metadata?.finalizers?.includes(JOB_TRACKING)) return 'job-not-counted-yet';
  const ofJob = pod.metadata?.ownerReferences?.some(({ kind }) => kind === 'Job') ?? false;
  return ofJob && !deleteJobPods ? 'job-pod' : undefined;
};
