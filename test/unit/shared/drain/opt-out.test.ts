import { describe, expect, it } from '@jest/globals';
import type { V1Namespace } from '@kubernetes/client-node';
import { optOutsOf, optsOut } from '../../../../shared/drain/opt-out.ts';
import { podOf } from '../../../fixtures/pods.ts';

const KEEP = 'eks-caretaker/keep-on-node';
const EVICT_ONLY = 'eks-caretaker/evict-only';
const namespaceOf = (name: string, annotations?: Record<string, string>): V1Namespace => ({
  metadata: { name, ...(annotations === undefined ? {} : { annotations }) },
});

describe('namespaces that opt out', () => {
  it.each<[string, Record<string, string> | undefined, readonly string[], readonly string[]]>([
    ['by the one annotation', { [KEEP]: 'true' }, ['shop'], []],
    ['by the other', { [EVICT_ONLY]: 'true' }, [], ['shop']],
    ['by both', { [KEEP]: 'yes', [EVICT_ONLY]: '' }, ['shop'], ['shop']],
    ['not by false', { [KEEP]: 'false', [EVICT_ONLY]: 'false' }, [], []],
    ['not by another annotation', { team: 'true' }, [], []],
    ['not without annotations', undefined, [], []],
  ])('do so %s', (_, annotations, keep, evictOnly) => {
    expect(optOutsOf([namespaceOf('web'), namespaceOf('shop', annotations)])).toEqual({ keep, evictOnly });
  });

  it('have a name', () => {
    expect(optOutsOf([{ metadata: { annotations: { [KEEP]: 'true' } } }, {}])).toStrictEqual({
      keep: [],
      evictOnly: [],
    });
  });
});

describe('a pod', () => {
  it.each<[string, Record<string, string>, readonly string[], boolean]>([
    ['with the annotation is out', { [KEEP]: 'true' }, [], true],
    ['with it is out, whatever its value', { [KEEP]: '' }, [], true],
    ['that says false is not, whatever its namespace says', { [KEEP]: 'false' }, ['shop'], false],
    ['that says nothing is where its namespace is', {}, ['shop'], true],
    ['that says nothing is not where another namespace is', {}, ['web'], false],
    ['with another annotation is not', { [EVICT_ONLY]: 'true' }, [], false],
  ])('%s', (_, annotations, namespaces, expected) => {
    expect(optsOut(podOf({ name: 'a', annotations }), KEEP, namespaces)).toBe(expected);
  });

  it('without metadata belongs to no namespace that opted out', () => {
    expect(optsOut({}, KEEP, ['shop'])).toBe(false);
    expect(optsOut({ metadata: {} }, KEEP, ['shop'])).toBe(false);
  });
});
