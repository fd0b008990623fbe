import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { issueCertificates } from '../../infra/local/kubernetes/certificates.ts';
import { createFailedPods } from '../../infra/local/world/failed-pods.ts';
import type { FailedPodSpec } from '../../infra/local/world/spec.ts';
import type { LoadBalancer } from './support/load-balancer.ts';
import { startLoadBalancer } from './support/load-balancer.ts';
import { clean, leftBehind, POD_CLEANUP, podsOf, saidOf, sceneWith } from './support/pod-cleanup.ts';
import type { Scene } from './support/scene.ts';
import { useScenes } from './support/scene.ts';

useScenes();

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** Where DescribeCluster says that the API server is; it may say another thing later. */
const sceneAt = async (pods: readonly FailedPodSpec[]) => {
  const address = { endpoint: '', certificateAuthority: '' };
  const scene = await sceneWith(pods, POD_CLEANUP, { kubernetesApi: address });
  const { endpoint, certificateAuthority } = scene.kubernetes();
  const moveToAnother = async (): Promise<LoadBalancer> => {
    const balancer = await startLoadBalancer(endpoint);
    ends.push(balancer.close);
    Object.assign(address, { endpoint: balancer.endpoint, certificateAuthority });
    return balancer;
  };
  return { scene, address, moveToAnother };
};

const failAgain = (scene: Scene, count: number) =>
  createFailedPods(scene.kubernetes().objects, leftBehind(count), scene.account.clock.now());

const looksUp = (scene: Scene) =>
  scene.exchanges.filter(({ operation }) => operation === 'DescribeCluster').length;

describe('a function that was frozen between two ticks', () => {
  it('does not send into connections that the load balancer has forgotten meanwhile', async () => {
    const { scene, moveToAnother } = await sceneAt(leftBehind(60));
    const balancer = await moveToAnother();
    await clean(scene);
    const { opened } = balancer;
    expect(opened).toBeGreaterThan(4);
    balancer.forgetConnections();
    await scene.pass(15 * 60);
    failAgain(scene, 60);
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(podsOf(scene)).toEqual([]);
    expect(scene.verdicts({ action: 'delete' })).toHaveLength(120);
    expect(scene.verdicts().filter(({ detail }) => detail?.lostAnswers !== undefined)).toEqual([]);
    expect(looksUp(scene)).toBe(1);
  });

  it('uses the same connections again where it was not for long', async () => {
    const { scene, moveToAnother } = await sceneAt([]);
    const balancer = await moveToAnother();
    await clean(scene);
    const { opened } = balancer;
    await scene.pass(30);
    await clean(scene);
    expect(balancer.opened).toBe(opened);
  });
});

describe('a cluster that was made anew under its name', () => {
  it('is found by the attempt after the one that met nobody, in the same process', async () => {
    const { scene, moveToAnother } = await sceneAt(leftBehind(2));
    const old = await moveToAnother();
    await clean(scene);
    expect(podsOf(scene)).toEqual([]);
    await old.close();
    await moveToAnother();
    await scene.pass(15 * 60);
    failAgain(scene, 2);
    expect((await clean(scene)).ok).toBe(false);
    expect(scene.reasons().at(-1)).toBe('cluster/staging none: cluster-unreachable');
    expect((await clean(scene)).ok).toBe(true);
    expect(podsOf(scene)).toEqual([]);
    expect(looksUp(scene)).toBe(2);
  });
});

describe('something at the address of the API server that is none', () => {
  it.each([
    ['a page', 200, '<html>welcome</html>'],
    ['JSON that is no object', 200, 'null'],
    ['the way to a login', 302, ''],
  ])(
    'and answers with %s: the cluster is named, nothing breaks, and the run fails',
    async (_what, status, page) => {
      const { scene, address } = await sceneAt(leftBehind(1));
      const { authority, certificate, key } = await issueCertificates('staging');
      const server = createServer({ cert: certificate, key }, (_request, response) =>
        response.writeHead(status, { location: 'https://login.example.com/' }).end(page),
      );
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      ends.push(async () => {
        server.close();
        server.closeAllConnections();
      });
      Object.assign(address, {
        endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
        certificateAuthority: Buffer.from(authority).toString('base64'),
      });
      const { ok, payload } = await clean(scene);
      expect(ok).toBe(false);
      expect(payload).toMatchObject({ errorType: 'PartialFailureError' });
      expect(saidOf(scene)).toEqual(['cluster/staging none: cluster-unreachable']);
      expect(podsOf(scene)).toHaveLength(1);
    },
  );
});
