import type { KubernetesRule } from '../../../shared/core/automation.ts';
import type { Scene } from './scene.ts';

/** Takes a verb on a resource out of a shipped ClusterRole, as somebody who trims rights would. */
export const withoutVerb = (
  scene: Scene,
  right: { entryId: string; resource: string; verb: string },
): void => {
  const { objects } = scene.kubernetes();
  const role = objects.get('clusterroles', undefined, `eks-caretaker:${right.entryId}`);
  if (role === undefined) throw new Error(`no ClusterRole of ${right.entryId} was shipped`);
  const rules = (role.rules as readonly KubernetesRule[]).map((rule) =>
    rule.resources.includes(right.resource)
      ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== right.verb) }
      : rule,
  );
  objects.update('clusterroles', { ...role, rules });
};
