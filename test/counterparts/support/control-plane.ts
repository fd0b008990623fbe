import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCertificates } from '../../../infra/local/kubernetes/certificates.ts';
import type { ApiRequest } from './api-request.ts';
import { createApiRequest } from './api-request.ts';
import { temporaryFolder } from './folders.ts';
import { freePorts, isHealthy } from './ports.ts';
import type { Running } from './processes.ts';
import { startProcess, untilReady } from './processes.ts';
import { kwokOptions, podDeleteStage, withoutPodDelete } from './stages.ts';
import { counterpart } from './variables.ts';

export interface ControlPlaneOptions {
  /** Where bearer tokens go that the API server does not know itself, as on EKS (TokenReview v1). */
  readonly tokenWebhookUrl?: string;
  readonly apiServerArgs?: readonly string[];
  /** How long a pod takes to stop once it is asked to. Default 1,000. */
  readonly podStopMs?: number;
  /** 0 to 19: how far controllers, scheduler and kwok give way to the API server and to others. Default 0. */
  readonly controllerNiceness?: number;
}

export interface NodeSpec {
  readonly name: string;
  readonly providerId?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly { key: string; value?: string; effect: string }[];
  /** How many pods it holds. Default 110. */
  readonly pods?: number;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok, as their projects release them. */
export interface ControlPlane {
  readonly url: string;
  readonly caPem: string;
  /** Of group system:masters. */
  readonly adminToken: string;
  /** Path of the administrator's. */
  readonly kubeconfig: string;
  /** Everything that it writes; gone after `close`. */
  readonly folder: string;
  readonly request: ApiRequest;
  kubectl(args: readonly string[], input?: string): Promise<CommandResult>;
  /** A node that kwok keeps, Ready within a second or two. */
  addNode(node: NodeSpec): Promise<void>;
  /** What each of its processes said last, and which of them have ended. */
  lastWords(): string;
  close(): Promise<void>;
}

const ADMIN_TOKEN = 'administrator-of-the-test';
const READY_SECONDS = 60;
const KUBECTL_TIMEOUT_MS = 120_000;

const config = (cluster: object, user: object): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  });

interface Files {
  readonly folder: string;
  readonly caPem: string;
  path(name: string): string;
}

const writeFiles = async (url: string, options: ControlPlaneOptions): Promise<Files> => {
  const folder = temporaryFolder('control-plane');
  const path = (name: string) => join(folder, name);
  const { authority, certificate, key } = await issueCertificates('counterpart');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const files = {
    'ca.crt': authority,
    'api.crt': certificate,
    'api.key': key,
    'sa.key': privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    'tokens.csv': `${ADMIN_TOKEN},admin,admin,system:masters\n`,
    kubeconfig: config({ server: url, 'certificate-authority': path('ca.crt') }, { token: ADMIN_TOKEN }),
    'webhook.json': config({ server: options.tokenWebhookUrl ?? '' }, {}),
    'stages.yaml': [
      kwokOptions(),
      withoutPodDelete(readFileSync(counterpart('KWOK_STAGES'), 'utf8')),
      podDeleteStage(options.podStopMs ?? 1_000),
    ].join('\n---\n'),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(path(name), content, { mode: 0o600 });
  return { folder, caPem: authority, path };
};

const apiServerArgs = (files: Files, ports: { api: number; etcd: number }, options: ControlPlaneOptions) => [
  `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
  '--bind-address=127.0.0.1',
  '--advertise-address=127.0.0.1',
  `--secure-port=${ports.api}`,
  `--tls-cert-file=${files.path('api.crt')}`,
  `--tls-private-key-file=${files.path('api.key')}`,
  `--client-ca-file=${files.path('ca.crt')}`,
  `--token-auth-file=${files.path('tokens.csv')}`,
  ...(options.tokenWebhookUrl === undefined
    ? []
    : [
        `--authentication-token-webhook-config-file=${files.path('webhook.json')}`,
        '--authentication-token-webhook-version=v1',
        '--authentication-token-webhook-cache-ttl=10s',
      ]),
  '--authorization-mode=Node,RBAC',
  // Pods of the tests name no service account, and no controller makes the default one's token in time.
  '--disable-admission-plugins=ServiceAccount',
  `--service-account-key-file=${files.path('sa.key')}`,
  `--service-account-signing-key-file=${files.path('sa.key')}`,
  '--service-account-issuer=https://kubernetes.default.svc',
  '--service-cluster-ip-range=10.0.0.0/16',
  ...(options.apiServerArgs ?? []),
];

/** Starts a cluster of its own on free ports of 127.0.0.1; ready in about three seconds. */
export const startControlPlane = async (options: ControlPlaneOptions = {}): Promise<ControlPlane> => {
  const assets = counterpart('KUBEBUILDER_ASSETS');
  const [api = 0, etcd = 0, peer = 0, manager = 0, scheduler = 0, kwok = 0] = await freePorts(6);
  const url = `https://127.0.0.1:${api}`;
  const files = await writeFiles(url, options);
  const kubeconfig = files.path('kubeconfig');
  const client = createApiRequest({ url, caPem: files.caPem, adminToken: ADMIN_TOKEN });
  const processes: Running[] = [];
  const close = async () => {
    client.close();
    await Promise.all(processes.map((process) => process.end()));
    rmSync(files.folder, { recursive: true, force: true });
  };
  const start = async (name: string, args: readonly string[], niceness = 0): Promise<Running> => {
    const running = await startProcess({
      name,
      command: join(assets, name),
      args,
      cwd: files.folder,
      niceness,
    });
    processes.push(running);
    return running;
  };
  try {
    const etcdUrl = `http://127.0.0.1:${etcd}`;
    const peerUrl = `http://127.0.0.1:${peer}`;
    const etcdProcess = await start('etcd', [
      `--data-dir=${files.path('etcd')}`,
      '--unsafe-no-fsync',
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
    ]);
    const apiServer = await start('kube-apiserver', apiServerArgs(files, { api, etcd }, options));
    await Promise.all([
      untilReady(etcdProcess, {
        what: `healthy at ${etcdUrl}`,
        withinSeconds: READY_SECONDS,
        ready: () => isHealthy(`${etcdUrl}/health`),
      }),
      untilReady(apiServer, {
        what: 'ready',
        withinSeconds: READY_SECONDS,
        ready: () => isReady(client.request),
      }),
    ]);
    const unelected = [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--bind-address=127.0.0.1'];
    const fast = ['--kube-api-qps=500', '--kube-api-burst=1000'];
    const startHealthy = async (name: string, args: readonly string[], origin: string): Promise<void> =>
      untilReady(await start(name, args, options.controllerNiceness), {
        what: `healthy at ${origin}`,
        withinSeconds: READY_SECONDS,
        ready: () => isHealthy(`${origin}/healthz`),
      });
    const managerArgs = [
      ...unelected,
      ...fast,
      `--secure-port=${manager}`,
      `--service-account-private-key-file=${files.path('sa.key')}`,
      '--controllers=*,-node-ipam-controller',
      // kwok's heartbeats come late on a busy machine; pods of a node that is not Ready count as unhealthy, and
      // then no budget allows anything.
      '--node-monitor-grace-period=1h',
      '--node-startup-grace-period=1h',
    ];
    const kwokArgs = [
      `--kubeconfig=${kubeconfig}`,
      `--config=${files.path('stages.yaml')}`,
      `--server-address=127.0.0.1:${kwok}`,
    ];
    const schedulerArgs = [...unelected, ...fast, `--secure-port=${scheduler}`];
    // Without one of them nothing would happen in the cluster, and nothing would say why.
    await Promise.all([
      startHealthy('kube-controller-manager', managerArgs, `https://127.0.0.1:${manager}`),
      startHealthy('kube-scheduler', schedulerArgs, `https://127.0.0.1:${scheduler}`),
      startHealthy('kwok', kwokArgs, `http://127.0.0.1:${kwok}`),
    ]);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url,
    caPem: files.caPem,
    adminToken: ADMIN_TOKEN,
    kubeconfig,
    folder: files.folder,
    request: client.request,
    kubectl: (args, input) =>
      runKubectl(join(assets, 'kubectl'), [`--kubeconfig=${kubeconfig}`, ...args], input),
    addNode: (node) => addNode(client.request, node),
    lastWords: () =>
      processes
        .map((one) => `${one.name}${one.hasEnded ? ', which has ended' : ''}:\n${one.lastWords()}`)
        .join('\n'),
    close,
  };
};

const isReady = async (request: ApiRequest): Promise<boolean> => {
  try {
    return (await request('GET', '/readyz')).status === 200;
  } catch {
    return false;
  }
};

const runKubectl = (command: string, args: readonly string[], input = ''): Promise<CommandResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { PATH: process.env.PATH ?? '', HOME: tmpdir() },
      timeout: KUBECTL_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
    child.stdin.end(input);
  });

const addNode = async (
  request: ApiRequest,
  { name, providerId, labels, taints, pods }: NodeSpec,
): Promise<void> => {
  const capacity = { cpu: '64', memory: '256Gi', pods: String(pods ?? 110) };
  const { status, body } = await request('POST', '/api/v1/nodes', {
    body: {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name,
        labels: { 'kubernetes.io/hostname': name, ...labels },
        annotations: { 'kwok.x-k8s.io/node': 'fake' },
      },
      spec: {
        ...(providerId === undefined ? {} : { providerID: providerId }),
        ...(taints === undefined ? {} : { taints }),
      },
      status: { capacity, allocatable: capacity },
    },
  });
  if (status !== 201) throw new Error(`the node ${name} cannot be made: ${status} ${JSON.stringify(body)}`);
};
