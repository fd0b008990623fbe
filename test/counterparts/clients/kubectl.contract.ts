import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Node, Pod } from '../../../infra/local/kubernetes/objects.ts';
import { row } from '../support/results.ts';
import { jsonOf, outputOf, run, tableOf } from './run.ts';
import type { ClientsWorld } from './world.ts';
import { CLUSTER, CONFIG, startClientsWorld } from './world.ts';

let world: ClientsWorld;

beforeAll(async () => {
  world = await startClientsWorld();
}, 120_000);

afterAll(async () => {
  await world.close();
});

const objects = () => world.account.world.cluster(CLUSTER).kubernetes.objects;
const nodes = () => objects().list('nodes') as readonly Node[];
const pods = () => objects().list('pods') as readonly Pod[];
const names = (found: readonly { readonly metadata: { readonly name: string } }[]) =>
  found.map(({ metadata }) => metadata.name).sort();
const labelled = (role: string) => nodes().filter(({ metadata }) => metadata.labels?.role === role);
const cartsOn = (node: string | undefined) =>
  pods().filter(
    ({ spec, status, metadata }) =>
      metadata.name.startsWith('cart-') && spec.nodeName === node && status.phase === 'Running',
  );

const first = <T>(found: readonly T[]): T => {
  const [one] = found;
  if (one === undefined) throw new Error('there is none');
  return one;
};

/** `held` is what the world says, `printed` what kubectl made of it. */
const same = (behaviour: string, held: string, printed: string): void =>
  row({ suite: 'clients', behaviour, embedded: held, counterpart: `kubectl: ${printed}`, verdict: 'same' });

describe('kubectl get', () => {
  it('prints the nodes as a table', async () => {
    const found = tableOf(await outputOf(world.kubectl(['get', 'nodes'])));
    expect(found.map(({ NAME }) => NAME).sort()).toEqual(names(nodes()));
    expect(new Set(found.map(({ STATUS }) => STATUS))).toEqual(new Set(['Ready']));
    expect(new Set(found.map(({ VERSION }) => VERSION))).toEqual(
      new Set(nodes().map(({ status }) => status.nodeInfo?.kubeletVersion)),
    );
    same('kubectl get nodes', `${nodes().length} nodes`, `${found.length} lines, all ${found[0]?.STATUS}`);
  });

  it('prints more with -o wide', async () => {
    const found = tableOf(await outputOf(world.kubectl(['get', 'nodes', '-o', 'wide'])));
    const addresses = found.map((line) => [line.NAME, line['INTERNAL-IP']]);
    expect(addresses.sort()).toEqual(
      nodes()
        .map(({ metadata, status }) => [
          metadata.name,
          status.addresses?.find(({ type }) => type === 'InternalIP')?.address,
        ])
        .sort(),
    );
    same('kubectl get nodes -o wide', `${nodes().length} addresses`, `${addresses.length} addresses`);
  });

  it('prints pods of all namespaces with their nodes', async () => {
    const found = tableOf(await outputOf(world.kubectl(['get', 'pods', '-A', '-o', 'wide'])));
    expect(found.map(({ NAMESPACE, NAME, NODE }) => `${NAMESPACE}/${NAME} ${NODE}`).sort()).toEqual(
      pods()
        .map(({ metadata, spec }) => `${metadata.namespace}/${metadata.name} ${spec.nodeName ?? '<none>'}`)
        .sort(),
    );
    same('kubectl get pods -A -o wide', `${pods().length} pods`, `${found.length} lines with their nodes`);
  });

  it.each([
    ['-l', 'role=spot', () => names(labelled('spot'))],
    ['-l', 'role in (own),kubernetes.io/os=linux', () => names(labelled('own'))],
    ['-l', 'role notin (own,spot)', () => []],
  ])('selects nodes with %s %s', async (option, selector, expected) => {
    const found = await jsonOf<{ items: Node[] }>(
      world.kubectl(['get', 'nodes', option, selector, '-o', 'json']),
    );
    expect(names(found.items)).toEqual(expected());
    same(
      `kubectl get nodes ${option} '${selector}'`,
      `${expected().length} of ${nodes().length}`,
      `${found.items.length} items`,
    );
  });

  it.each([
    ['status.phase=Failed', () => pods().filter(({ status }) => status.phase === 'Failed')],
    [
      'status.phase=Running,metadata.namespace=shop',
      () =>
        pods().filter(({ status, metadata }) => status.phase === 'Running' && metadata.namespace === 'shop'),
    ],
  ])('selects pods with --field-selector %s', async (selector, expected) => {
    const found = await jsonOf<{ items: Pod[] }>(
      world.kubectl(['get', 'pods', '-A', '--field-selector', selector, '-o', 'json']),
    );
    expect(names(found.items)).toEqual(names(expected()));
    expect(found.items).not.toEqual([]);
    same(
      `kubectl get pods --field-selector ${selector}`,
      `${expected().length} of ${pods().length}`,
      `${found.items.length} items`,
    );
  });

  it('reads an object whole, as it is', async () => {
    const node = first(nodes());
    const read = await jsonOf<Node>(world.kubectl(['get', 'node', node.metadata.name, '-o', 'json']));
    expect(read).toMatchObject({
      kind: 'Node',
      metadata: { uid: node.metadata.uid, labels: node.metadata.labels },
      spec: { providerID: node.spec.providerID },
    });
    const labels = Object.keys(node.metadata.labels ?? {}).length;
    same(
      'kubectl get node NAME -o json',
      `${labels} labels`,
      `${Object.keys(read.metadata.labels ?? {}).length} labels and the uid`,
    );
  });

  it('says what is not there', async () => {
    const { code, stderr } = await world.kubectl(['get', 'pod', 'nobody', '-n', 'shop']);
    expect([code, stderr]).toEqual([1, 'Error from server (NotFound): pods "nobody" not found\n']);
    same('kubectl get pod NAME of none', 'no such pod', stderr);
  });

  it('gets in with the token that the AWS CLI makes', async () => {
    const found = await jsonOf<{ items: Node[] }>(world.kubectlByExec(['get', 'nodes', '-o', 'json']));
    expect(names(found.items)).toEqual(names(nodes()));
    same(
      'kubectl get nodes with aws eks get-token as its exec credential',
      `${nodes().length} nodes`,
      `${found.items.length} items`,
    );
  });
});

describe('kubectl describe', () => {
  it('tells of a node and the pods on it', async () => {
    const node = first(labelled('spot'));
    const text = await outputOf(world.kubectl(['describe', 'node', node.metadata.name]));
    const onNode = pods().filter(
      ({ spec, status }) => spec.nodeName === node.metadata.name && status.phase === 'Running',
    );
    expect(text).toMatch(new RegExp(`^Name:\\s+${node.metadata.name}$`, 'm'));
    expect(text).toMatch(/^Unschedulable:\s+false$/m);
    expect(text).toMatch(new RegExp(`^ProviderID:\\s+${node.spec.providerID}$`, 'm'));
    expect(text).toMatch(new RegExp(`Non-terminated Pods:\\s+\\(${onNode.length} in total\\)`));
    for (const { metadata } of onNode) expect(text).toContain(metadata.name);
    same(
      'kubectl describe node',
      `${onNode.length} running pods`,
      /Non-terminated Pods:\s+\(\d+ in total\)/.exec(text)?.[0] ?? '',
    );
  });

  it('tells of a pod and who owns it', async () => {
    const pod = first(cartsOn(first(labelled('spot')).metadata.name));
    const text = await outputOf(world.kubectl(['describe', 'pod', '-n', 'shop', pod.metadata.name]));
    expect(text).toMatch(/^Status:\s+Running$/m);
    expect(text).toMatch(new RegExp(`^Node:\\s+${pod.spec.nodeName}/`, 'm'));
    expect(text).toMatch(
      new RegExp(`^Controlled By:\\s+ReplicaSet/${pod.metadata.ownerReferences?.[0]?.name}$`, 'm'),
    );
    same(
      'kubectl describe pod',
      `${pod.status.phase}, of a ${pod.metadata.ownerReferences?.[0]?.kind}`,
      `${/^Status:.*$/m.exec(text)?.[0]}, ${/^Controlled By:\s+\w+/m.exec(text)?.[0]}`,
    );
  });
});

describe('kubectl auth can-i', () => {
  const tokens = new Map<string, string>();

  beforeAll(async () => {
    for (const entryId of ['spot-drain-worker', 'pod-cleanup'])
      tokens.set(entryId, await world.tokenOf(entryId));
  }, 60_000);

  it.each([
    ['create pods --subresource eviction', 'spot-drain-worker', 'yes'],
    ['patch nodes', 'spot-drain-worker', 'yes'],
    ['delete nodes', 'spot-drain-worker', 'no'],
    ['delete pods', 'pod-cleanup', 'yes'],
    ['create pods --subresource eviction', 'pod-cleanup', 'no'],
    ['get secrets', 'pod-cleanup', 'no'],
  ])('%s, with a token of the role of %s: %s', async (action, entryId, answer) => {
    const token = tokens.get(entryId) ?? '';
    const { code, stdout } = await world.kubectl([
      'auth',
      'can-i',
      ...action.split(' '),
      '-A',
      '--token',
      token,
    ]);
    expect([stdout.trim(), code]).toEqual([answer, answer === 'yes' ? 0 : 1]);
    same(
      `kubectl auth can-i ${action}, with aws eks get-token as ${entryId}`,
      `${answer} by its ClusterRole`,
      stdout,
    );
  });

  it('says no to nobody: without a right token kubectl is not let in', async () => {
    const { code, stderr } = await world.kubectl(['auth', 'can-i', 'get', 'pods', '--token', 'k8s-aws-v1.a']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('Unauthorized')]);
    same('kubectl with a token that nobody signed', '401', stderr);
  });

  it.each(['* *', 'delete nodes'])('%s, as the administrator: yes', async (action) => {
    const answer = (await outputOf(world.kubectl(['auth', 'can-i', ...action.split(' ')]))).trim();
    expect(answer).toBe('yes');
    same(`kubectl auth can-i ${action}, as administrator`, 'every right', answer);
  });
});

const caretaker = fileURLToPath(new URL('../../../infra/cli/caretaker.mjs', import.meta.url));

describe('kubectl apply', () => {
  it('takes what caretaker rbac prints, and finds nothing to change the second time', async () => {
    const config = world.file('caretaker.yaml', CONFIG);
    const manifests = await outputOf(
      run({ command: process.execPath, args: [caretaker, 'rbac', '--config', config], env: {} }),
    );
    const roles = manifests.split('\n').filter((line) => line.startsWith('kind: ')).length;
    const applied = (output: string) =>
      output
        .trim()
        .split('\n')
        .map((line) => line.split(' ').at(-1));
    const before = objects().list('clusterroles').length;
    const once = await world.kubectl(['apply', '-f', '-'], manifests);
    expect([once.code, applied(once.stdout)]).toEqual([0, Array(roles).fill('configured')]);
    expect(objects().list('clusterroles')).toHaveLength(before);
    const twice = await outputOf(world.kubectl(['apply', '-f', '-'], manifests));
    expect(applied(twice)).toEqual(Array(roles).fill('unchanged'));
    same(
      'caretaker rbac | kubectl apply -f -, twice',
      `${roles} roles and bindings`,
      `${[...new Set(applied(once.stdout))]}, then ${[...new Set(applied(twice))]}`,
    );
  });
});

const BUDGET = "Cannot evict pod as it would violate the pod's disruption budget.";

describe('kubectl cordon, drain and delete', () => {
  it('cordon and uncordon keep pods off a node and let them on again', async () => {
    const { name } = first(labelled('own')).metadata;
    const unschedulable = () => (objects().get('nodes', undefined, name) as Node).spec.unschedulable;
    await outputOf(world.kubectl(['cordon', name]));
    expect(unschedulable()).toBe(true);
    const cordoned = tableOf(await outputOf(world.kubectl(['get', 'node', name])));
    expect(cordoned).toMatchObject([{ STATUS: 'Ready,SchedulingDisabled' }]);
    await outputOf(world.kubectl(['uncordon', name]));
    expect(unschedulable()).not.toBe(true);
    same('kubectl cordon, uncordon', 'unschedulable, then not', `${cordoned[0]?.STATUS} in between`);
  });

  it('a drain is held up by a budget, which kubectl names, and goes through without it', async () => {
    const { name } = first(labelled('spot')).metadata;
    const drain = (timeout: string) =>
      world.kubectl(['drain', name, '--ignore-daemonsets', '--timeout', timeout]);
    const before = names(cartsOn(name));
    expect(before).not.toEqual([]);
    const held = await drain('3s');
    expect(held.code).toBe(1);
    expect(held.stderr).toContain(BUDGET);
    expect(names(cartsOn(name))).toEqual(before);

    await outputOf(
      world.kubectl([
        'patch',
        'pdb',
        'cart',
        '-n',
        'shop',
        '--type',
        'merge',
        '-p',
        '{"spec":{"minAvailable":1}}',
      ]),
    );
    const through = await drain('30s');
    expect([through.code, through.stderr]).toEqual([0, expect.any(String)]);
    for (const pod of before) expect(through.stdout).toContain(`pod/${pod} evicted`);
    expect(cartsOn(name)).toEqual([]);
    await outputOf(world.kubectl(['uncordon', name]));
    same(
      'kubectl drain with a budget in the way',
      `${before.length} pods under a budget that allows 0, then 1`,
      `exit code ${held.code}: ${BUDGET}; then exit code ${through.code}`,
    );
  });

  it('delete ends a pod, and its ReplicaSet makes another', async () => {
    const pod = first(
      cartsOn(
        labelled('spot')
          .map(({ metadata }) => metadata.name)
          .find((one) => cartsOn(one).length > 0),
      ),
    );
    const said = await outputOf(world.kubectl(['delete', 'pod', '-n', 'shop', pod.metadata.name]));
    expect(objects().get('pods', 'shop', pod.metadata.name)).toBeUndefined();
    const running = () => labelled('spot').flatMap(({ metadata }) => cartsOn(metadata.name)).length;
    for (const until = Date.now() + 20_000; running() < 2 && Date.now() < until; ) await sleep(100);
    expect(running()).toBe(2);
    same('kubectl delete pod', `gone; ${running()} run again`, said.replaceAll(pod.metadata.name, 'NAME'));
  });
});
