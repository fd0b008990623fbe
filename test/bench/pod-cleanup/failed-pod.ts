/** A pod that a node shutdown left behind an hour ago, as a Deployment's pods are: about 4 KB of JSON. */

const ENVIRONMENT = Array.from({ length: 12 }, (_, index) => ({
  name: `SETTING_${index}`,
  value: `a value of a usual length, number ${index}`,
}));

export const hourAgo = (): string => new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d{3}Z$/, 'Z');

/** No scheduler takes it: it was on a node that is not part of the benchmark. */
export const draftOf = (namespace: string, name: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    namespace,
    name,
    labels: {
      'app.kubernetes.io/name': 'cart',
      'app.kubernetes.io/part-of': 'shop',
      'pod-template-hash': '5d8f7c9b6d',
    },
  },
  spec: {
    schedulerName: 'nobody',
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    containers: [
      {
        name: 'cart',
        image: '111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop/cart:1.0',
        env: ENVIRONMENT,
        resources: { requests: { cpu: '100m', memory: '128Mi' } },
        readinessProbe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 10 },
      },
    ],
  },
});

export const statusOf = (failedAt: string): object => ({
  phase: 'Failed',
  reason: 'Terminated',
  message: 'Pod was terminated in response to imminent node shutdown.',
  startTime: failedAt,
  conditions: [
    {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'TerminationByKubelet',
      message: 'Pod was terminated in response to imminent node shutdown.',
      lastTransitionTime: failedAt,
    },
  ],
  containerStatuses: [
    {
      name: 'cart',
      image: '111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop/cart:1.0',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { terminated: { exitCode: 143, reason: 'Error', startedAt: failedAt, finishedAt: failedAt } },
    },
  ],
});
