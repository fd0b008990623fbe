import { expect, it } from '@jest/globals';
import { planMarkdown } from '../../../../../functions/cluster-upgrade/decide/markdown.ts';
import { planUpgrade } from '../../../../../functions/cluster-upgrade/decide/plan.ts';
import { nodeGroup, snapshot } from '../../../../fixtures/upgrade-snapshot.ts';

it('a plan reads from its checks to its steps and why kubelets bear it', () => {
  const found = snapshot({ nodeGroups: [nodeGroup('web-a')] });
  const text = planMarkdown({
    plan: planUpgrade(found),
    planHash: 'abc',
    checks: [
      { check: 'target-version', verdict: 'pass', summary: 'one minor', objects: [] },
      {
        check: 'kubelet-skew',
        verdict: 'block',
        summary: 'too old',
        objects: ['node/a', 'node/b'],
        moreObjects: 12,
        remedy: 'replace them',
      },
      { check: 'insights', verdict: 'warn', summary: 'soon', objects: ['x'], remedy: 'later' },
    ],
  });
  expect(text).toBe(`# Upgrade of staging from 1.34 to 1.35

Plan abc

## Checks
- PASS target-version: one minor
- BLOCK kubelet-skew: too old
  - node/a
  - node/b
  - and 12 more
  - remedy: replace them
- WARN insights: soon
  - x
  - remedy: later

## Steps
1. cluster/staging: version 1.34 -> version 1.35 (next-minor; UpdateClusterVersion)
2. node-group/web-a: version 1.34, releaseVersion 1.34.2-20261001 -> version 1.35, releaseVersion 1.35.1-20261101 (behind-control-plane; UpdateNodegroupVersion)
3. add-on/coredns: addonVersion v1.12.1-eksbuild.2 -> addonVersion v1.13.1-eksbuild.1 (recommended-for-target; UpdateAddon)

## Version skew
- after the control plane: API server 1.35, oldest kubelet 1.34, allowed from 1.32
- after the node groups: API server 1.35, oldest kubelet 1.35, allowed from 1.32
`);
});
