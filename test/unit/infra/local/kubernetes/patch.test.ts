import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applyPatch } from '../../../../../infra/local/kubernetes/patch.ts';
import { StatusError } from '../../../../../infra/local/kubernetes/status.ts';

const apply = (kind: string, target: object, patch: unknown) =>
  applyPatch(target, `application/${kind}+json`, JSON.stringify(patch));
const codeOf = (run: () => unknown): number | undefined => {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return error.code;
    throw error;
  }
  return undefined;
};

describe('a merge patch', () => {
  it.each([
    [{ a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    [{ a: { b: 1, c: 2 } }, { a: { b: null } }, { a: { c: 2 } }],
    [{ list: [1, 2] }, { list: [3] }, { list: [3] }],
    [{ a: 1 }, { a: { b: { c: null, d: 1 } } }, { a: { b: { d: 1 } } }],
  ])('on %j by %j gives %j', (target, patch, result) => {
    expect(apply('merge-patch', target, patch)).toEqual(result);
  });

  it('with what is there already changes nothing, and leaves its target as it was', () => {
    const tree = fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.dictionary(fc.string(), fc.integer())));
    fc.assert(
      fc.property(tree, (target) => {
        const copy = structuredClone(target);
        expect(apply('merge-patch', target, target)).toEqual(JSON.parse(JSON.stringify(copy)));
        expect(target).toEqual(copy);
      }),
    );
  });
});

describe('a strategic merge patch', () => {
  const conditions = [
    { type: 'Ready', status: 'True', reason: 'KubeletReady' },
    { type: 'DiskPressure', status: 'False' },
  ];

  it.each([
    [
      'merges conditions by type',
      { status: { conditions } },
      {
        status: {
          conditions: [
            { type: 'Ready', status: 'False' },
            { type: 'New', status: 'True' },
          ],
        },
      },
      {
        status: {
          conditions: [
            { type: 'Ready', status: 'False', reason: 'KubeletReady' },
            conditions[1],
            { type: 'New', status: 'True' },
          ],
        },
      },
    ],
    [
      'removes an item where it is told to',
      { status: { conditions } },
      { status: { conditions: [{ type: 'Ready', $patch: 'delete' }] } },
      { status: { conditions: [conditions[1]] } },
    ],
    [
      'replaces taints as a whole',
      { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } },
      { spec: { taints: [{ key: 'b', effect: 'NoSchedule' }] } },
      { spec: { taints: [{ key: 'b', effect: 'NoSchedule' }] } },
    ],
    [
      'merges finalizers as a set and takes single ones out',
      { metadata: { finalizers: ['a', 'b'] } },
      { metadata: { finalizers: ['c'], '$deleteFromPrimitiveList/finalizers': ['a'] } },
      { metadata: { finalizers: ['b', 'c'] } },
    ],
    [
      'removes by null',
      { metadata: { labels: { a: 'b' } } },
      { metadata: { labels: { a: null } } },
      { metadata: { labels: {} } },
    ],
    [
      'replaces an object where it is told to',
      { metadata: { labels: { a: 'b' } } },
      { metadata: { labels: { $patch: 'replace', c: 'd' } } },
      { metadata: { labels: { c: 'd' } } },
    ],
    [
      'keeps only the keys that are to be retained',
      { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } },
      { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
      { spec: { strategy: { type: 'Recreate' } } },
    ],
  ])('%s', (_what, target, patch, result) => {
    const patched = apply('strategic-merge-patch', target, patch);
    if ('finalizers' in ((result as { metadata?: object }).metadata ?? {})) {
      expect(new Set((patched.metadata as { finalizers: string[] }).finalizers)).toEqual(new Set(['b', 'c']));
    } else expect(patched).toEqual(result);
  });
});

describe('a JSON patch', () => {
  const target = { spec: { taints: [{ key: 'a' }, { key: 'b' }] }, metadata: { labels: { 'x/y': '1' } } };
  it.each([
    [
      'adds',
      [{ op: 'add', path: '/spec/taints/-', value: { key: 'c' } }],
      'spec',
      { taints: [{ key: 'a' }, { key: 'b' }, { key: 'c' }] },
    ],
    [
      'adds in between',
      [{ op: 'add', path: '/spec/taints/1', value: { key: 'c' } }],
      'spec',
      { taints: [{ key: 'a' }, { key: 'c' }, { key: 'b' }] },
    ],
    ['removes', [{ op: 'remove', path: '/spec/taints/0' }], 'spec', { taints: [{ key: 'b' }] }],
    [
      'replaces by an escaped key',
      [{ op: 'replace', path: '/metadata/labels/x~1y', value: '2' }],
      'metadata',
      { labels: { 'x/y': '2' } },
    ],
    [
      'moves',
      [{ op: 'move', from: '/spec/taints/0', path: '/spec/taints/1' }],
      'spec',
      { taints: [{ key: 'b' }, { key: 'a' }] },
    ],
    [
      'copies',
      [{ op: 'copy', from: '/metadata/labels', path: '/spec/labels' }],
      'spec',
      { ...target.spec, labels: { 'x/y': '1' } },
    ],
    [
      'tests before it acts',
      [
        { op: 'test', path: '/spec/taints/0/key', value: 'a' },
        { op: 'remove', path: '/spec' },
      ],
      'spec',
      undefined,
    ],
  ])('%s', (_what, patch, field, result) => {
    expect(apply('json-patch', target, patch)[field]).toEqual(result);
  });

  it.each([
    ['removes what is not there', [{ op: 'remove', path: '/nope' }]],
    ['tests what is otherwise', [{ op: 'test', path: '/spec/taints/0/key', value: 'z' }]],
    ['goes beyond a list', [{ op: 'add', path: '/spec/taints/9', value: 1 }]],
    ['has an unknown operation', [{ op: 'swap', path: '/spec' }]],
    ['has no pointer', [{ op: 'remove', path: 'spec' }]],
  ])('that %s is 422', (_what, patch) => {
    expect(codeOf(() => apply('json-patch', target, patch))).toBe(422);
  });

  it('that is no list is 400', () => {
    expect(codeOf(() => apply('json-patch', target, { op: 'remove' }))).toBe(400);
  });
});

it.each([
  ['application/json', '{}', 415],
  ['application/apply-patch+yaml', '{}', 501],
  ['application/merge-patch+json', '{', 400],
  ['application/merge-patch+json', '[]', 400],
])('a patch of type %s with %s is refused with %i', (type, body, code) => {
  expect(codeOf(() => applyPatch({}, type, body))).toBe(code);
});
