import { describe, expect, it } from '@jest/globals';
import { goTool } from '../../../counterparts/install/kubernetes.ts';
import { pythonTool } from '../../../counterparts/install/python.ts';
import type { Tool } from '../../../counterparts/install/tools.ts';
import { complaint, complaintAbout } from '../../../counterparts/install/tools.ts';

const said = (stdout: string) => ({ status: 0, stdout, stderr: '' });

describe('a tool that the installation needs', () => {
  it.each([
    { tool: goTool, answer: `go version go${goTool.atLeast}.8 linux/amd64\n` },
    { tool: goTool, answer: 'go version go2.0 linux/amd64\n' },
    { tool: pythonTool, answer: `Python ${pythonTool.atLeast}.7\n` },
  ])('is fine with $answer', ({ tool, answer }) => {
    expect(complaintAbout(tool, said(answer))).toBeUndefined();
  });

  it.each([
    {
      tool: goTool,
      answer: 'go version go1.9.2 linux/amd64',
      means: /^Go .* or newer is needed for the Kubernetes control plane, this is 1\.9\. /,
    },
    {
      tool: pythonTool,
      answer: 'Python 2.7.18',
      means: /^Python .* or newer is needed for moto, .*, this is 2\.7\. /,
    },
    { tool: pythonTool, answer: 'hello', means: /no version in "hello"/ },
  ])('is named where it says $answer', ({ tool, answer, means }) => {
    expect(complaintAbout(tool, said(answer))).toMatch(means);
  });

  it('is named with what it is for where it is not there', () => {
    const absent: Tool = { ...goTool, command: 'no-such-program-anywhere' };
    expect(complaint(absent)).toMatch(
      /^Go .* is needed for the Kubernetes control plane: .*cannot be run.*go\.dev/,
    );
  });

  it('is named where it fails, with the first line of its complaint', () => {
    const answer = { status: 1, stdout: '', stderr: 'toolchain not available\nmore' };
    expect(complaintAbout(goTool, answer)).toContain('"go" cannot be run (toolchain not available).');
  });
});
