import type { StoryLine } from './story.ts';

/** Lines for the terminal: a run of skips for one reason becomes one line, everything else stays as it is. */
export interface Timeline {
  add(line: StoryLine): void;
  /** Shows what is held back. */
  end(): void;
}

const isSkip = (line: StoryLine): boolean =>
  line.verdict?.action === 'none' || line.verdict?.action === 'deferred';

const sameSkip = (a: StoryLine, b: StoryLine): boolean =>
  isSkip(a) && isSkip(b) && a.automation === b.automation && a.verdict?.reason === b.verdict?.reason;

export const createTimeline = (show: (line: StoryLine, alike: number) => void): Timeline => {
  let held: { line: StoryLine; alike: number } | undefined;
  const end = () => {
    if (held !== undefined) show(held.line, held.alike);
    held = undefined;
  };
  return {
    add: (line) => {
      if (held !== undefined && sameSkip(held.line, line)) {
        held.alike += 1;
        return;
      }
      end();
      if (isSkip(line)) held = { line, alike: 1 };
      else show(line, 1);
    },
    end,
  };
};
