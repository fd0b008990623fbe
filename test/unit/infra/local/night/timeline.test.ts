import { describe, expect, it } from '@jest/globals';
import type { StoryLine } from '../../../../../infra/local/night/story.ts';
import { createTimeline } from '../../../../../infra/local/night/timeline.ts';

const line = (action: string, reason: string): StoryLine => ({
  at: 0,
  automation: 'pod-cleanup',
  text: reason,
  verdict: {
    automation: 'pod-cleanup',
    target: 'pod/a/b',
    action,
    reason,
    mode: 'act',
    at: '2026-12-01T00:00:00.000Z',
  },
});

const shown = (...lines: StoryLine[]): string[] => {
  const result: string[] = [];
  const timeline = createTimeline(({ text }, alike) => result.push(`${text} ${alike}`));
  for (const each of lines) timeline.add(each);
  timeline.end();
  return result;
};

describe('the timeline of the terminal', () => {
  it('folds skips for one reason that follow each other', () => {
    expect(shown(line('none', 'too-young'), line('none', 'too-young'), line('none', 'job-pod'))).toEqual([
      'too-young 2',
      'job-pod 1',
    ]);
  });

  it('never folds what was done', () => {
    expect(shown(line('delete', 'terminated'), line('delete', 'terminated'))).toEqual([
      'terminated 1',
      'terminated 1',
    ]);
  });

  it('keeps the order of skips and deeds', () => {
    expect(shown(line('none', 'a'), line('delete', 'b'), line('none', 'a'))).toEqual(['a 1', 'b 1', 'a 1']);
  });

  it('keeps what happens to the world', () => {
    expect(shown({ at: 0, text: 'notice' }, { at: 0, text: 'notice' })).toEqual(['notice 1', 'notice 1']);
  });
});
