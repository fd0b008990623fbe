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
