import { describe, expect, it } from '@jest/globals';
import type { ScanState } from '../../../../../functions/ecr-rescan/decide/due.ts';
import { decideDue, eligibleAt } from '../../../../../functions/ecr-rescan/decide/due.ts';

const NOW = Date.parse('2026-11-20T01:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const due = (
  state: ScanState | undefined,
  kind: 'own' | 'foreign' | 'no-digest' = 'own',
  scanning: 'BASIC' | 'ENHANCED' = 'BASIC',
) => decideDue({ kind }, state, { now: NOW, scanning });

describe('when an image of the own registry is scanned', () => {
  it.each<[string, ScanState | undefined, object]>([
    ['never looked at: ask first', undefined, { kind: 'learn' }],
    ['looked at, never scanned', {}, { kind: 'start', reason: 'never-scanned' }],
    [
      'scanned 24 hours and 5 minutes ago',
      { lastScanAt: NOW - 24 * HOUR - 5 * MINUTE },
      { kind: 'start', reason: 'due' },
    ],
    [
      'scanned exactly 24 hours ago: too close to race the limit',
      { lastScanAt: NOW - 24 * HOUR },
      { kind: 'skip', outcome: 'too-soon', reason: 'too-soon', eligibleAt: NOW + 5 * MINUTE },
    ],
    [
      'ECR said too soon half an hour ago',
      { lastScanAt: NOW - 30 * HOUR, notBefore: NOW + 30 * MINUTE },
      { kind: 'skip', outcome: 'too-soon', reason: 'too-soon', eligibleAt: NOW + 30 * MINUTE },
    ],
    ['the wait after too soon is over', { notBefore: NOW }, { kind: 'start', reason: 'never-scanned' }],
    [
      'ECR said too soon, whoever scanned it',
      { notBefore: NOW + 1 },
      { kind: 'skip', outcome: 'too-soon', reason: 'too-soon', eligibleAt: NOW + 1 },
    ],
    [
      'known as unsupported',
      { unsupportedUntil: NOW + 1 },
      { kind: 'skip', outcome: 'unsupported', reason: 'unsupported' },
    ],
    [
      'unsupported a day ago: asked again',
      { unsupportedUntil: NOW },
      { kind: 'start', reason: 'never-scanned' },
    ],
  ])('%s', (_name, state, expected) => {
    expect(due(state)).toEqual(expected);
  });
});

it.each<[ScanState, number | undefined]>([
  [{}, undefined],
  [{ unsupportedUntil: NOW }, undefined],
  [{ notBefore: NOW }, NOW],
  [{ lastScanAt: NOW }, NOW + 24 * HOUR + 5 * MINUTE],
  [{ lastScanAt: NOW, notBefore: NOW + 48 * HOUR }, NOW + 48 * HOUR],
  [{ lastScanAt: NOW, notBefore: NOW }, NOW + 24 * HOUR + 5 * MINUTE],
])('an image with %j may be scanned from %s on', (state, at) => {
  expect(eligibleAt(state)).toBe(at);
});

describe('what is never scanned', () => {
  it.each([
    ['foreign' as const, 'BASIC' as const, 'foreign', 'foreign'],
    ['foreign' as const, 'ENHANCED' as const, 'foreign', 'foreign'],
    ['no-digest' as const, 'BASIC' as const, 'not-found', 'digest-unknown'],
    ['own' as const, 'ENHANCED' as const, 'disabled', 'enhanced-scanning'],
  ])('%s image, %s registry: %s', (kind, scanning, outcome, reason) => {
    expect(due(undefined, kind, scanning)).toEqual({ kind: 'skip', outcome, reason });
    expect(due({}, kind, scanning)).toEqual({ kind: 'skip', outcome, reason });
  });
});
