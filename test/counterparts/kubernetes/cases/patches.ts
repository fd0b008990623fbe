import type { KnownDifference } from '../comparison.ts';
import { otherUid } from '../comparison.ts';
import type { PatchKind, World } from '../world.ts';
import { container } from '../world.ts';
import type { Case } from './case.ts';
import { each, inGroup, knownAs, one, wholeObject } from './case.ts';

const pod = async (world: World): Promise<string> => {
  await world.pod('a', { labels: { app: 'web', tier: 'front' } });
  return `${world.pods}/a`;
};

/** What a patch made of the pod, and of its bookkeeping. */
const ofPod: readonly (readonly [string, readonly [PatchKind, object]])[] = [
  ['a merge patch of a label', ['merge-patch', { metadata: { labels: { tier: 'back' } } }]],
  ['a merge patch that takes a label away', ['merge-patch', { metadata: { labels: { tier: null } } }]],
  ['a merge patch that takes all labels away', ['merge-patch', { metadata: { labels: null } }]],
  ['a merge patch of nothing', ['merge-patch', {}]],
  ['a merge patch of what is so already', ['merge-patch', { metadata: { labels: { app: 'web' } } }]],
  ['a merge patch of the status, not at its path', ['merge-patch', { status: { phase: 'Failed' } }]],
  [
    'a merge patch of what nobody may set',
    [
      'merge-patch',
      {
        metadata: {
          deletionTimestamp: '2020-01-01T00:00:00Z',
          deletionGracePeriodSeconds: 0,
          creationTimestamp: '2020-01-01T00:00:00Z',
          generation: 77,
        },
      },
    ],
  ],
  ['a merge patch of the uid', ['merge-patch', { metadata: { uid: otherUid } }]],
  ['a merge patch of the name', ['merge-patch', { metadata: { name: 'b' } }]],
  ['a merge patch of the namespace', ['merge-patch', { metadata: { namespace: 'default' } }]],
  ['a merge patch of a broken label', ['merge-patch', { metadata: { labels: { tier: '-' } } }]],
  [
    'a merge patch of an image',
    ['merge-patch', { spec: { containers: [{ ...container, image: 'registry.example/web:2' }] } }],
  ],
  ['a merge patch of another resourceVersion', ['merge-patch', { metadata: { resourceVersion: '1' } }]],
  [
    'a merge patch of a resourceVersion that is none',
    ['merge-patch', { metadata: { resourceVersion: 'x' } }],
  ],
  [
    'a strategic patch of an image',
    ['strategic-merge-patch', { spec: { containers: [{ name: 'main', image: 'registry.example/web:2' }] } }],
  ],
  [
    'a strategic patch of a label',
    ['strategic-merge-patch', { metadata: { labels: { tier: null, canary: 'yes' } } }],
  ],
  [
    'a strategic patch that replaces the labels',
    ['strategic-merge-patch', { metadata: { labels: { $patch: 'replace', canary: 'yes' } } }],
  ],
  [
    'a strategic patch of the finalizers',
    ['strategic-merge-patch', { metadata: { finalizers: ['example.com/a'] } }],
  ],
  [
    'a strategic patch with a directive that nobody knows',
    ['strategic-merge-patch', { metadata: { labels: { $patch: 'shuffle' } } }],
  ],
  [
    'a JSON patch that adds a label',
    ['json-patch', [{ op: 'add', path: '/metadata/labels/canary', value: 'y' }]],
  ],
  [
    'a JSON patch that replaces one',
    ['json-patch', [{ op: 'replace', path: '/metadata/labels/tier', value: 'b' }]],
  ],
  ['a JSON patch that removes one', ['json-patch', [{ op: 'remove', path: '/metadata/labels/tier' }]]],
  [
    'a JSON patch that moves one',
    ['json-patch', [{ op: 'move', from: '/metadata/labels/tier', path: '/metadata/labels/layer' }]],
  ],
  [
    'a JSON patch that copies one',
    ['json-patch', [{ op: 'copy', from: '/metadata/labels/tier', path: '/metadata/labels/layer' }]],
  ],
  [
    'a JSON patch after a test that holds',
    [
      'json-patch',
      [
        { op: 'test', path: '/metadata/labels/tier', value: 'front' },
        { op: 'remove', path: '/metadata/labels/tier' },
      ],
    ],
  ],
  [
    'a JSON patch after a test that does not hold',
    ['json-patch', [{ op: 'test', path: '/metadata/labels/tier', value: 'back' }]],
  ],
  [
    'a JSON patch that removes what is not there',
    ['json-patch', [{ op: 'remove', path: '/metadata/labels/no' }]],
  ],
  ['a JSON patch of a path that is not there', ['json-patch', [{ op: 'add', path: '/a/b', value: 1 }]]],
  ['a JSON patch of an unknown operation', ['json-patch', [{ op: 'turn', path: '/metadata/labels/tier' }]]],
  ['a JSON patch of no operations', ['json-patch', []]],
  ['a JSON patch that is an object', ['json-patch', { op: 'remove' }]],
];

const toAnotherType: typeof ofPod = [
  ['a merge patch of the kind', ['merge-patch', { kind: 'Node' }]],
  ['a merge patch of the apiVersion', ['merge-patch', { apiVersion: 'v2' }]],
  ['a merge patch of a label that is a number', ['merge-patch', { metadata: { labels: { tier: 1 } } }]],
  [
    'a strategic patch of a label that is a number',
    ['strategic-merge-patch', { metadata: { labels: { tier: 1 } } }],
  ],
];

const ofFixedFields: typeof ofPod = [
  ['a merge patch of the node', ['merge-patch', { spec: { nodeName: 'other' } }]],
  ['a merge patch of the grace', ['merge-patch', { spec: { terminationGracePeriodSeconds: 5 } }]],
];

const brokenBodies: readonly (readonly [string, { type: string; body: string }])[] = [
  ['a merge patch that is no JSON', { type: 'application/merge-patch+json', body: 'what' }],
  ['a merge patch that is a list', { type: 'application/merge-patch+json', body: '[]' }],
  ['a merge patch that is empty', { type: 'application/merge-patch+json', body: '' }],
  ['a strategic patch that is no JSON', { type: 'application/strategic-merge-patch+json', body: 'what' }],
  ['a strategic patch that is a list', { type: 'application/strategic-merge-patch+json', body: '[]' }],
  ['a JSON patch that is no JSON', { type: 'application/json-patch+json', body: 'what' }],
  ['application/json', { type: 'application/json', body: '{}' }],
  ['text/plain', { type: 'text/plain', body: '{}' }],
];

const patched = async (world: World, [kind, body]: readonly [PatchKind, object]) => {
  const path = await pod(world);
  const before = (await world.get(path)).body.metadata;
  const answer = await world.patch(path, body, kind);
  const changed = (await world.get(path)).body.metadata?.resourceVersion !== before?.resourceVersion;
  return [answer, changed ? 'changed' : 'unchanged'];
};

const fieldDiff: KnownDifference = {
  parts: ['[0].body.message', '[0].body.details.causes[0].message'],
  why: 'the real message goes on with a diff of Go structs (kubernetes, pkg/apis/core/validation: ValidatePodUpdate); nobody reads it',
};

export const patchCases: readonly Case[] = inGroup('patch a pod by', [
  ...each('{}', ofPod, patched),
  ...knownAs(wholeObject, each('{}', toAnotherType, patched)),
  ...knownAs(fieldDiff, each('{}', ofFixedFields, patched)),
  ...each('{}', brokenBodies, async (world, { type, body }) =>
    world.ask('PATCH', await pod(world), { body, contentType: type }),
  ),
  one('a merge patch, where there is none', (world) => world.patch(`${world.pods}/a`, {})),
  one('a merge patch with the resourceVersion that it has', async (world) => {
    const { resourceVersion } = await world.pod('a');
    return world.patch(`${world.pods}/a`, { metadata: { resourceVersion, labels: { app: 'x' } } });
  }),
  one('a merge patch with the resourceVersion that it had', async (world) => {
    const { resourceVersion } = await world.pod('a');
    await world.patch(`${world.pods}/a`, { metadata: { labels: { app: 'x' } } });
    return world.patch(`${world.pods}/a`, { metadata: { resourceVersion, labels: { app: 'y' } } });
  }),
  one('a merge patch on a dry run', async (world) => {
    const path = await pod(world);
    const dry = await world.patch(`${path}?dryRun=All`, { metadata: { labels: { app: 'x' } } });
    return [dry, (await world.get(path)).body.metadata?.labels];
  }),
  one('a merge patch of its status', async (world) => {
    const path = await pod(world);
    return world.patch(`${path}/status`, {
      status: { phase: 'Failed', reason: 'Terminated' },
      spec: { nodeName: 'x' },
    });
  }),
  one('a strategic patch of a condition of its status', async (world) => {
    const path = await pod(world);
    const conditions = [
      { type: 'Ready', status: 'False' },
      { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' },
    ];
    return world.patch(`${path}/status`, { status: { conditions } }, 'strategic-merge-patch');
  }),
  one(
    'server-side apply',
    async (world) =>
      world.ask('PATCH', `${await pod(world)}?fieldManager=contract`, {
        body: JSON.stringify({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'a', labels: { by: 'apply' } },
        }),
        contentType: 'application/apply-patch+yaml',
      }),
    {
      known: {
        parts: ['*'],
        embedded: 'server-side apply',
        why: 'the embedded API says by name that it has no server-side apply: no entry uses it',
      },
    },
  ),
]);

const updated = async (world: World, change: (pod: Record<string, unknown>) => object) => {
  const path = await pod(world);
  const { body } = await world.get(path);
  return world.ask('PUT', path, { body: change(body as Record<string, unknown>) });
};
const withMetadata = (change: object) => (pod: Record<string, unknown>) => ({
  ...pod,
  metadata: { ...(pod.metadata as object), ...change },
});

export const updateCases: readonly Case[] = inGroup('update a pod', [
  one('with what it is', (world) => updated(world, (same) => same)),
  one('with other labels', (world) => updated(world, withMetadata({ labels: { app: 'x' } }))),
  one('without a resourceVersion', (world) => updated(world, withMetadata({ resourceVersion: undefined }))),
  one('with another resourceVersion', (world) => updated(world, withMetadata({ resourceVersion: '1' }))),
  one('with another uid', (world) => updated(world, withMetadata({ uid: otherUid }))),
  one('with another name', (world) => updated(world, withMetadata({ name: 'b' }))),
  one('with another namespace', (world) => updated(world, withMetadata({ namespace: 'default' }))),
  one('that is not there', (world) =>
    world.ask('PUT', `${world.pods}/a`, {
      body: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { containers: [container] } },
    }),
  ),
  one('with no JSON', async (world) => world.ask('PUT', await pod(world), { body: 'what' })),
]);
