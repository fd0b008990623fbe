import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { counterpart } from '../../counterparts/support/variables.ts';

/** As everybody copies it; a hundred pods a kubectl, as terminated-pod-cleaner has it. */
const LOOP = `kubectl get pods --namespace "$NAMESPACE" -o json \\
  | jq -r '.items[]
      | select(.status.phase == "Failed")
      | select(.status.reason == "Shutdown" or .status.reason == "NodeShutdown" or .status.reason == "Terminated")
      | .metadata.name' \\
  | xargs --no-run-if-empty --max-args=100 kubectl delete pod --namespace "$NAMESPACE"`;

const LONGEST_MS = 600_000;

/** Seconds that the shell loop takes for a namespace. Rejects where it fails, or where jq or xargs are missing. */
export const runShellLoop = (kubeconfig: string, namespace: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn('bash', ['-c', `set -o pipefail; ${LOOP}`], {
      env: {
        PATH: [counterpart('KUBEBUILDER_ASSETS'), dirname(process.execPath), process.env.PATH ?? ''].join(
          ':',
        ),
        HOME: join(tmpdir(), 'no-home'),
        KUBECONFIG: kubeconfig,
        NAMESPACE: namespace,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: LONGEST_MS,
      killSignal: 'SIGKILL',
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve((performance.now() - startedAt) / 1000);
      else
        reject(new Error(`the shell loop (kubectl, jq, xargs) ended with ${code}: ${errors.slice(0, 500)}`));
    });
  });
