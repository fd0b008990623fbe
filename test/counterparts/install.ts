import { goTool, installKubernetes } from './install/kubernetes.ts';
import { installPython, pythonTool, venvComplaint } from './install/python.ts';
import { complaint } from './install/tools.ts';

/**
 * `npm run -s counterparts`: installs the systems of others that the contract suites need and prints where they
 * are, a line `NAME=value` each. What cannot be installed is named on standard error, and the exit code is 1;
 * the rest is installed and printed nevertheless.
 */
const groups = [
  { complaints: [complaint(goTool)], install: installKubernetes },
  { complaints: [complaint(pythonTool) ?? venvComplaint()], install: installPython },
];

for (const { complaints, install } of groups) {
  const missing = complaints.filter((text) => text !== undefined);
  try {
    if (missing.length > 0) throw new Error(missing.join('\n'));
    for (const [name, value] of Object.entries(await install())) process.stdout.write(`${name}=${value}\n`);
  } catch (error) {
    process.stderr.write(`counterparts: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
