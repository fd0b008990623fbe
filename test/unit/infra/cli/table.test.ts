import { describe, expect, it } from '@jest/globals';
import pc from 'picocolors';
import { renderTable } from '../../../../infra/cli/table.ts';

describe('a table', () => {
  it('is aligned by spaces, without borders, trailing spaces or colour', () => {
    const rows = [
      ['node/a', 'drain'],
      ['node/long-name', 'none'],
    ];
    expect(renderTable({ colors: pc.createColors(false) }, ['target', 'action'], rows)).toBe(
      ['target          action', 'node/a          drain', 'node/long-name  none'].join('\n'),
    );
  });

  it('is coloured on a terminal alone, and stays aligned', () => {
    const [head, row] = renderTable(
      { colors: pc.createColors(true) },
      ['target', 'action'],
      [['a', 'b']],
    ).split('\n');
    expect(head).toContain('\u001b[1m');
    expect(row).toBe('a       b');
  });
});
