import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from './installation.ts';
import { PodCluster } from './pod-cluster.ts';

type Peer = 'bank/teller' | 'shop/api' | 'shop/other';
type Reached = Partial<Record<Peer | 'by service' | 'other port', boolean>>;

const purpose = (word: string) => ({ namespaceSelector: { matchLabels: { purpose: word } } });
const app = (word: string) => ({ podSelector: { matchLabels: { app: word } } });
const policy = (name: string, spec: object) => ({
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: 'shop' } },
  spec,
});
/** Of `web`: what may be asked of it. */
const toWeb = (...ingress: readonly object[]) => policy('to-web', { ...app('web'), ingress });

/** Who reaches whom on two nodes, by what NetworkPolicies say. */
describe('network policies', () => {
  let cluster: PodCluster;
  const addresses = new Map<string, string>();
  let serviceAddress = '';

  const k = (...args: string[]) => cluster.k(...args);
  const within = (pod: string, command: string): Promise<string> => {
    const [namespace = '', name = ''] = pod.split('/');
    return k('-n', namespace, 'exec', name, '--', 'sh', '-c', command);
  };
  const ask = async (from: string, address = '', port = 8_080): Promise<boolean> => {
    const request = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ${address} ${port}`;
    return (await within(from, `${request} || true`)).startsWith('HTTP/');
  };
  const isReached: Readonly<Record<keyof Reached, () => Promise<boolean>>> = {
    'shop/api': () => ask('shop/api', addresses.get('web')),
    'shop/other': () => ask('shop/other', addresses.get('web')),
    'bank/teller': () => ask('bank/teller', addresses.get('web')),
    'by service': () => ask('shop/api', serviceAddress, 80),
    'other port': () => ask('shop/api', addresses.get('web'), 8_081),
  };

  /** Waits until these are as said. Rules are a moment later than kubectl's answer, and kubelets than Catamaran. */
  async function reaching(expected: Reached): Promise<void> {
    const names = Object.keys(expected) as (keyof Reached)[];
    let seen: unknown;
    const look = async () => {
      const asked = names.map(async (name) => [name, await isReached[name]()] as const);
      seen = await Promise.all(asked).then(Object.fromEntries, (error: unknown) => error);
      return isDeepStrictEqual(seen, expected) ? true : undefined;
    };
    await waitFor('who reaches web', look).catch(() => expect(seen).toEqual(expected));
  }

  beforeAll(async () => {
    cluster = await PodCluster.start(2);
    const [here = '', there = ''] = (
      await k('get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}')
    ).split(' ');
    const serve = 'mkdir /www && httpd -p 8081 -h /www && exec httpd -f -p 8080 -h /www';
    const pod = (namespace: string, name: string, nodeName: string) => ({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, labels: { app: name } } },
      spec: {
        ...{ nodeName, terminationGracePeriodSeconds: 0, automountServiceAccountToken: false },
        containers: [
          {
            ...cluster.container(serve),
            ports: [{ name: 'http', containerPort: 8_080 }],
            readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1, failureThreshold: 1 },
          },
        ],
      },
    });
    const namespace = (name: string) => ({
      ...{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { purpose: name } } },
    });
    await cluster.apply(namespace('shop'), namespace('bank'));
    for (const name of ['shop', 'bank'])
      await k('-n', name, 'wait', 'serviceaccount/default', '--for=create', '--timeout=100s');
    await cluster.apply(
      ...[pod('shop', 'web', here), pod('shop', 'api', here), pod('shop', 'other', there)],
      pod('bank', 'teller', there),
      {
        ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop' } },
        spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
      },
    );
    for (const name of ['shop', 'bank'])
      await k('-n', name, 'wait', 'pod', '--all', '--for=condition=Ready', '--timeout=100s');
    for (const [namespace, name] of [
      ['shop', 'web'],
      ['shop', 'api'],
      ['bank', 'teller'],
    ] as const)
      addresses.set(name, await k('-n', namespace, 'get', 'pod', name, '-o', 'jsonpath={.status.podIP}'));
    serviceAddress = await k('-n', 'shop', 'get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}');
  }, 300_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  it('isolate whom they select, but not from its node, and let through by labels and a port’s name', async () => {
    await reaching({ 'shop/api': true, 'shop/other': true, 'bank/teller': true, 'other port': true });
    await cluster.apply(policy('default-deny', { podSelector: {}, policyTypes: ['Ingress'] }));
    await reaching({ 'shop/api': false, 'shop/other': false, 'bank/teller': false, 'by service': false });
    // Probes go on, and what it asks itself.
    await expect.poll(() => ask('shop/web', addresses.get('teller'))).toBe(true);
    await k('-n', 'shop', 'wait', 'pod/web', '--for=condition=Ready', '--timeout=100s');

    await cluster.apply(toWeb({ from: [app('api')], ports: [{ port: 'http' }] }));
    await reaching({
      ...{ 'shop/api': true, 'by service': true, 'other port': false },
      ...{ 'shop/other': false, 'bank/teller': false },
    });
    const told = async (from: string) => {
      const ends = [addresses.get(from) ?? '', addresses.get('web') ?? ''];
      return cluster.installation.catamaran('net', 'explain', ...ends, '--port', '8080');
    };
    expect(await told('api')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('shop/to-web allows'),
    });
    expect(await told('teller')).toMatchObject({
      ...{ code: 3, stdout: expect.stringMatching(/blocked {2}.*\(shop\/default-deny, shop\/to-web\)/) },
    });
    // Who becomes one of those, and who is it no more.
    await k('-n', 'shop', 'label', 'pod', 'other', 'app=api', '--overwrite');
    await k('-n', 'shop', 'label', 'pod', 'api', 'app=other', '--overwrite');
    await reaching({ 'shop/api': false, 'shop/other': true });
    await k('-n', 'shop', 'label', 'pod', 'api', 'app=api', '--overwrite');
  }, 300_000);

  it('let through by namespaces and by blocks, and follow what changes of them', async () => {
    await cluster.apply(toWeb({ from: [purpose('bank')] }));
    await reaching({ 'bank/teller': true, 'shop/api': false });
    await k('label', 'namespace', 'bank', 'purpose=none', '--overwrite');
    await reaching({ 'bank/teller': false });
    const block = { cidr: '0.0.0.0/0', except: [`${addresses.get('teller')}/32`] };
    await cluster.apply(toWeb({ from: [{ ipBlock: block }], ports: [{ port: 8_000, endPort: 8_080 }] }));
    await reaching({ 'bank/teller': false, 'shop/api': true, 'shop/other': true, 'other port': false });
    await k('-n', 'shop', 'delete', 'networkpolicy', '--all');
    await reaching({ 'bank/teller': true, 'shop/api': true, 'other port': true });
  }, 300_000);

  it('keep a pod from the world, and let it ask for names alone', async () => {
    const egress = (...rules: readonly object[]) =>
      policy('from-api', {
        podSelector: { matchLabels: { role: 'api' } },
        policyTypes: ['Egress'],
        egress: rules,
      });
    await k('-n', 'shop', 'label', 'pod', 'api', 'role=api');
    const name = () =>
      within('shop/api', 'nslookup -type=a web.shop.svc.cluster.local 10.100.0.10').then(
        () => true,
        () => false,
      );
    const connects = (address: string, port: number) =>
      within('shop/api', `nc -w 2 ${address} ${port} < /dev/null`).then(
        () => true,
        () => false,
      );
    const places = () => Promise.all([name(), connects('10.100.0.1', 443), connects('169.254.169.254', 80)]);
    await expect.poll(places).toEqual([true, true, true]);
    await cluster.apply(egress());
    await reaching({ 'shop/api': false, 'by service': false, 'shop/other': true });
    await expect.poll(places).toEqual([false, false, false]);
    const dns = {
      to: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
          podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
        },
      ],
      ports: [{ port: 53, protocol: 'UDP' }],
    };
    await cluster.apply(egress(dns));
    await waitFor('names', async () => ((await name()) ? true : undefined));
    await reaching({ 'shop/api': false, 'by service': false });
    await cluster.apply(egress(dns, { to: [app('web')], ports: [{ port: 'http' }] }));
    await reaching({ 'shop/api': true, 'by service': true, 'other port': false });
  }, 300_000);

  it('hold from a pod’s first moment, and over a death of Catamaran', async () => {
    await cluster.apply(policy('from-api', { podSelector: {}, policyTypes: ['Egress'] }));
    const isolated = { 'shop/api': false, 'shop/other': false, 'bank/teller': true };
    await reaching(isolated);
    const tried = `nc -w 1 ${addresses.get('web')} 8080 < /dev/null && echo reached || echo stopped; sleep 600`;
    await cluster.apply({
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: { namespace: 'shop', name: 'late', labels: { role: 'api' } },
      spec: {
        ...{ terminationGracePeriodSeconds: 0, automountServiceAccountToken: false },
        containers: [cluster.container(tried)],
      },
    });
    const said = await waitFor('what it said', async () => {
      const log = await k('-n', 'shop', 'logs', 'late').catch(() => '');
      return log === '' ? undefined : log;
    });
    expect(said).toContain('stopped');
    await cluster.installation.catamaran('down');
    await cluster.installation.up();
    await reaching(isolated);
    await k('-n', 'shop', 'delete', 'networkpolicy', '--all');
    await reaching({ 'shop/api': true, 'shop/other': true });
  }, 300_000);
});
