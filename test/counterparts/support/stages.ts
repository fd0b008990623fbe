const NAME = 'pod-delete';

/** kwok's stages are YAML documents; the one with this name says how long a pod takes to stop. */
export const withoutPodDelete = (stages: string): string =>
  stages
    .split(/^---$/m)
    .filter((document) => document.trim() !== '' && !new RegExp(`name: ${NAME}\\b`).test(document))
    .join('---');

/** A pod that was asked to stop is gone so many milliseconds later. JSON is YAML. */
export const podDeleteStage = (stopMs: number): string =>
  JSON.stringify({
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name: NAME },
    spec: {
      resourceRef: { apiGroup: 'v1', kind: 'Pod' },
      selector: { matchExpressions: [{ key: '.metadata.deletionTimestamp', operator: 'Exists' }] },
      delay: { durationMilliseconds: stopMs },
      next: { delete: true },
    },
  });

/**
 * Kubelets work beside each other; kwok plays the stages of four pods at once where it is not told otherwise, and is
 * what a busy cluster waits for then. A configuration takes the place of all of kwok's defaults, so it names them.
 */
export const kwokOptions = (): string =>
  JSON.stringify({
    apiVersion: 'config.kwok.x-k8s.io/v1alpha1',
    kind: 'KwokConfiguration',
    options: {
      manageAllNodes: true,
      nodeLeaseDurationSeconds: 0,
      nodePlayStageParallelism: 16,
      podPlayStageParallelism: 64,
    },
  });
