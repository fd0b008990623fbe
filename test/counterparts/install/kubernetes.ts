import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goSource, kubernetesFolder, versions } from './places.ts';
import type { Tool } from './tools.ts';
import { output, run } from './tools.ts';

export const goTool: Tool = {
  name: 'Go',
  command: 'go',
  args: ['version'],
  atLeast: versions.go,
  neededFor: 'the Kubernetes control plane',
  hint: 'Install it from https://go.dev/dl/ or your distribution.',
};

const PARTS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'];

/** Of kwok's own stages: nodes become Ready and stay so, pods run, pods of Jobs finish. */
const STAGES = [
  'node/fast/node-initialize',
  'node/heartbeat-with-lease/node-heartbeat-with-lease',
  'pod/fast/pod-ready',
  'pod/fast/pod-complete',
];

/** The version that a release is built with; without it the server says v0.0.0 and kubectl complains. */
const linkerFlags = (): string => {
  const [major = '', minor = ''] = versions.kubernetes.split('.');
  const set = (name: string, value: string) => `-X k8s.io/component-base/version.${name}=${value}`;
  return [
    '-s',
    '-w',
    set('gitVersion', `v${versions.kubernetes}`),
    set('gitMajor', major),
    set('gitMinor', minor),
  ].join(' ');
};

const kwokStages = (): string => {
  const module = JSON.parse(
    output('go', ['mod', 'download', '-json', `sigs.k8s.io/kwok@v${versions.kwok}`]),
  ) as { Dir: string };
  return STAGES.map((stage) =>
    readFileSync(join(module.Dir, 'kustomize', 'stage', `${stage}.yaml`), 'utf8').trim(),
  ).join('\n---\n');
};

const variables = {
  KUBEBUILDER_ASSETS: kubernetesFolder,
  KWOK_STAGES: join(kubernetesFolder, 'stages.yaml'),
};

/**
 * etcd, the control plane, kubectl and kwok from their Go modules. Six minutes on two cores where nothing is
 * cached; a folder that is there is complete, since it is renamed last.
 */
export const installKubernetes = async (): Promise<Readonly<Record<string, string>>> => {
  if (existsSync(kubernetesFolder)) return variables;
  const unfinished = `${kubernetesFolder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    const env = { CGO_ENABLED: '0' };
    // Go writes no go.mod here: the one that is committed has to be complete.
    const args = ['build', '-mod=readonly', '-trimpath', '-ldflags', linkerFlags()];
    await run('go', [...args, '-o', join(unfinished, 'control-plane'), '.'], { cwd: goSource, env });
    for (const part of PARTS) symlinkSync('control-plane', join(unfinished, part));
    await run('go', ['install', '-ldflags', '-s -w', `sigs.k8s.io/kwok/cmd/kwok@v${versions.kwok}`], {
      env: { ...env, GOBIN: unfinished },
    });
    writeFileSync(join(unfinished, 'stages.yaml'), kwokStages());
    settle(unfinished, kubernetesFolder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return variables;
};

/** The finished folder gets its name, unless another installation was first. */
const settle = (unfinished: string, folder: string): void => {
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
};
