import type { ObjectStore } from '../kubernetes/store.ts';
import type { AddonSpec } from './spec.ts';
import { ensureNamespace } from './workloads.ts';

/** AWS's registry of add-on images: not this account's, so nobody here may scan it. */
const addonRegistry = '602401143452.dkr.ecr.eu-central-1.amazonaws.com';

const daemonSets: Readonly<Record<string, { readonly name: string; readonly image: string }>> = {
  'vpc-cni': { name: 'aws-node', image: 'amazon-k8s-cni' },
  'kube-proxy': { name: 'kube-proxy', image: 'eks/kube-proxy' },
  'eks-pod-identity-agent': { name: 'eks-pod-identity-agent', image: 'eks/eks-pod-identity-agent' },
};

/** The add-ons that run on every node, as DaemonSets that tolerate every taint. */
export const createSystemDaemonSets = (objects: ObjectStore, addons: readonly AddonSpec[]): void => {
  ensureNamespace(objects, 'kube-system');
  for (const addon of addons) {
    const known = daemonSets[addon.name];
    if (known === undefined) continue;
    const labels = { 'k8s-app': known.name };
    objects.create('daemonsets', {
      metadata: { namespace: 'kube-system', name: known.name, labels },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [{ name: known.name, image: `${addonRegistry}/${known.image}:${addon.version}` }],
            tolerations: [{ operator: 'Exists' }],
            terminationGracePeriodSeconds: 10,
            priorityClassName: 'system-node-critical',
          },
        },
      },
    });
  }
};
