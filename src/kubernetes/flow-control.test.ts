import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterAll(() => server[Symbol.asyncDispose]());

const group = '/apis/flowcontrol.apiserver.k8s.io/v1';
const schemas = `${group}/flowschemas`;
const levels = `${group}/prioritylevelconfigurations`;
const tableOf = async (path: string) => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const { json } = await cluster.call('GET', path, undefined, { accept });
  return {
    columns: json.columnDefinitions.map(({ name }: { readonly name: string }) => name),
    rows: json.rows.map(({ cells }: { readonly cells: readonly unknown[] }) => cells),
  };
};
const uidOf = async (path: string): Promise<string> => (await cluster.call('GET', path)).json.metadata.uid;
const schemaFor = (name: string, level: string, matchingPrecedence = 500) => ({
  metadata: { name },
  spec: {
    ...{ priorityLevelConfiguration: { name: level }, matchingPrecedence },
    rules: [
      {
        subjects: [{ kind: 'User', user: { name: 'ada' } }],
        nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      },
    ],
  },
});

describe('flow control', () => {
  it('has what every cluster has, told as kubectl prints it', async () => {
    await vi.waitFor(async () => {
      const { rows } = await tableOf(schemas);
      expect(rows.every((cells: readonly unknown[]) => cells.at(-1) === 'False')).toBe(true);
    });
    const told = await tableOf(schemas);
    expect(told.columns).toEqual([
      ...['Name', 'PriorityLevel', 'MatchingPrecedence', 'DistinguisherMethod', 'Age', 'MissingPL'],
    ]);
    const rows = told.rows.map(([name, level, precedence, method, , missing]: readonly unknown[]) =>
      [name, level, precedence, method, missing].join(' '),
    );
    expect(rows.toSorted()).toEqual([
      'catch-all catch-all 10000 ByUser False',
      'endpoint-controller workload-high 150 ByUser False',
      'exempt exempt 1 <none> False',
      'global-default global-default 9900 ByUser False',
      'kube-controller-manager workload-high 800 ByNamespace False',
      'kube-scheduler workload-high 800 ByNamespace False',
      'kube-system-service-accounts workload-high 900 ByNamespace False',
      'probes exempt 2 <none> False',
      'service-accounts workload-low 9000 ByUser False',
      'system-leader-election leader-election 100 ByUser False',
      'system-node-high node-high 400 ByUser False',
      'system-nodes system 500 ByUser False',
      'workload-leader-election leader-election 200 ByUser False',
    ]);
    const ofLevels = await tableOf(levels);
    const shown = ofLevels.rows.map((cells: readonly unknown[]) => cells.slice(0, 6).join(' '));
    expect(shown.toSorted()).toEqual([
      'catch-all Limited 5 <none> <none> <none>',
      'exempt Exempt <none> <none> <none> <none>',
      'global-default Limited 20 128 6 50',
      'leader-election Limited 10 16 4 50',
      'node-high Limited 40 64 6 50',
      'system Limited 30 64 6 50',
      'workload-high Limited 40 128 6 50',
      'workload-low Limited 100 128 6 50',
    ]);
  });

  it('says in each answer by which objects a request was told apart', async () => {
    const asAda = { 'impersonate-user': 'ada', 'impersonate-group': 'system:authenticated' };
    const told = async (path: string, headers: Record<string, string> = asAda) => {
      const { headers: answered } = await cluster.call('GET', path, undefined, headers);
      return [answered['x-kubernetes-pf-flowschema-uid'], answered['x-kubernetes-pf-prioritylevel-uid']];
    };
    const global = [await uidOf(`${schemas}/global-default`), await uidOf(`${levels}/global-default`)];
    expect(await told('/version')).toEqual(global);
    // Also where it is refused.
    expect(await told('/api/v1/nodes')).toEqual(global);
    const exempt = await uidOf(`${levels}/exempt`);
    expect(await told('/readyz')).toEqual([await uidOf(`${schemas}/probes`), exempt]);
    const master = { 'impersonate-user': 'root', 'impersonate-group': 'system:masters' };
    expect(await told('/api/v1/nodes', master)).toEqual([await uidOf(`${schemas}/exempt`), exempt]);

    const limited = { limitResponse: { type: 'Queue', queuing: {} } };
    const made = await cluster.call('POST', levels, {
      metadata: { name: 'own' },
      spec: { type: 'Limited', limited },
    });
    expect(made.json.spec.limited).toEqual({
      ...{ nominalConcurrencyShares: 30, lendablePercent: 0 },
      limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 } },
    });
    const schema = await cluster.call('POST', schemas, schemaFor('own', 'own'));
    expect(await told('/version')).toEqual([schema.json.metadata.uid, made.json.metadata.uid]);
    expect(await told('/version', { ...asAda, 'impersonate-user': 'bob' })).toEqual(global);
    await cluster.call('DELETE', `${schemas}/own`);
    await cluster.call('DELETE', `${levels}/own`);
    expect(await told('/version')).toEqual(global);
  });

  it('says of a schema that leads nowhere that it dangles, and leads nobody by it', async () => {
    const conditions = async () => {
      await server.reconcilers.idle();
      return (await cluster.call('GET', `${schemas}/lost`)).json.status.conditions;
    };
    const created = await cluster.call('POST', schemas, schemaFor('lost', 'nowhere'));
    expect([created.status, created.json.metadata.generation]).toEqual([201, 1]);
    const named = 'This FlowSchema references the PriorityLevelConfiguration object named "nowhere"';
    expect(await conditions()).toMatchObject([
      {
        type: 'Dangling',
        status: 'True',
        reason: 'NotFound',
        message: `${named} but there is no such object`,
      },
    ]);
    const { headers } = await cluster.call('GET', '/version', undefined, { 'impersonate-user': 'ada' });
    expect(headers['x-kubernetes-pf-flowschema-uid']).not.toBe(created.json.metadata.uid);
    await cluster.call('POST', levels, {
      metadata: { name: 'nowhere' },
      spec: { type: 'Limited', limited: {} },
    });
    expect(await conditions()).toMatchObject([
      { type: 'Dangling', status: 'False', reason: 'Found', message: `${named} and it exists` },
    ]);
    await cluster.call('DELETE', `${schemas}/lost`);
    await cluster.call('DELETE', `${levels}/nowhere`);
  });

  it('keeps what is built in, unless somebody has taken it over', async () => {
    await cluster.call('DELETE', `${schemas}/catch-all`);
    await cluster.call('DELETE', `${levels}/system`);
    await server.reconcilers.idle();
    expect((await cluster.call('GET', `${schemas}/catch-all`)).status).toBe(200);
    expect((await cluster.call('GET', `${levels}/system`)).status).toBe(200);
    const patch = (name: string, body: object) =>
      cluster.call('PATCH', `${levels}/${name}`, body, { 'content-type': 'application/merge-patch+json' });
    const sharesOf = async (name: string) => {
      await server.reconcilers.idle();
      return (await cluster.call('GET', `${levels}/${name}`)).json.spec.limited.nominalConcurrencyShares;
    };
    const more = { spec: { limited: { nominalConcurrencyShares: 77 } } };
    expect((await patch('workload-low', more)).status).toBe(200);
    expect(await sharesOf('workload-low')).toBe(100);
    const own = { metadata: { annotations: { 'apf.kubernetes.io/autoupdate-spec': 'false' } }, ...more };
    await patch('workload-low', own);
    expect(await sharesOf('workload-low')).toBe(77);
    expect((await patch('catch-all', more)).json.message).toContain(
      "spec of 'catch-all' must equal the fixed value",
    );
    expect(server.troubles()).toEqual([]);
  });

  it('refuses who finds no seat where a level has none, and says when to come back', async () => {
    const none = { nominalConcurrencyShares: 0, borrowingLimitPercent: 0, limitResponse: { type: 'Reject' } };
    await cluster.call('POST', levels, {
      metadata: { name: 'none' },
      spec: { type: 'Limited', limited: none },
    });
    await cluster.call('POST', schemas, schemaFor('none', 'none'));
    const asAda = { 'impersonate-user': 'ada', 'impersonate-group': 'system:authenticated' };
    await vi.waitFor(async () => {
      const { status, json, headers } = await cluster.call('GET', '/version', undefined, asAda);
      expect([status, json, headers['retry-after']]).toEqual([
        429,
        expect.objectContaining({
          ...{ reason: 'TooManyRequests', message: 'Too many requests, please try again later.' },
          details: { retryAfterSeconds: 1 },
        }),
        '1',
      ]);
    });
    await cluster.call('DELETE', `${schemas}/none`);
    expect((await cluster.call('GET', '/version', undefined, asAda)).status).toBe(200);
  });
});

describe('what a FlowSchema says', () => {
  const rule = schemaFor('x', 'y').spec.rules[0];
  it.each<readonly [string, object, string]>([
    [
      'no level',
      { priorityLevelConfiguration: { name: '' } },
      'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
    ],
    [
      'the first place',
      { matchingPrecedence: 1 },
      "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
    ],
    [
      'a place beyond the last',
      { matchingPrecedence: 10_001 },
      'spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000',
    ],
    [
      'another method',
      { distinguisherMethod: { type: 'ByMoon' } },
      'spec.distinguisherMethod.type: Unsupported value: "ByMoon": supported values: "ByNamespace", "ByUser"',
    ],
    [
      'nobody',
      { rules: [{ ...rule, subjects: [] }] },
      'spec.rules[0].subjects: Required value: subjects must contain at least one value',
    ],
    [
      'nothing',
      { rules: [{ ...rule, nonResourceRules: [] }] },
      'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
    ],
    [
      'a subject of two kinds',
      { rules: [{ ...rule, subjects: [{ kind: 'User', user: { name: 'a' }, group: { name: 'b' } }] }] },
      "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'",
    ],
    [
      'everything and more',
      { rules: [{ ...rule, nonResourceRules: [{ verbs: ['*', 'get'], nonResourceURLs: ['*'] }] }] },
      'spec.rules[0].nonResourceRules[0].verbs: Invalid value: ["*","get"]: if \'*\' is present, must not specify other verbs',
    ],
    [
      'a path with a hole',
      { rules: [{ ...rule, nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/a*'] }] }] },
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "/a*": wildcard can only do suffix matching',
    ],
    [
      'no namespace',
      {
        rules: [
          {
            subjects: rule?.subjects,
            resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
          },
        ],
      },
      'spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace',
    ],
  ])('may not be %s', async (_what, spec, words) => {
    const whole = schemaFor('wrong', 'global-default');
    const { status, json } = await cluster.call('POST', schemas, {
      ...whole,
      spec: { ...whole.spec, ...spec },
    });
    expect([status, json.message]).toEqual([422, expect.stringContaining(words)]);
  });
});

describe('what a PriorityLevelConfiguration says', () => {
  const queuing = (more: object) => ({
    ...{ type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: more } } },
  });
  it.each<readonly [string, object, string]>([
    [
      'exempt',
      { type: 'Exempt' },
      "spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if name is 'exempt'",
    ],
    [
      'limited by nothing',
      { type: 'Limited' },
      'spec.limited: Required value: must not be empty when type is Limited',
    ],
    [
      'owed',
      { type: 'Limited', limited: { nominalConcurrencyShares: -1 } },
      'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
    ],
    [
      'lent twice',
      { type: 'Limited', limited: { lendablePercent: 101 } },
      'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
    ],
    [
      'queued in nothing',
      { type: 'Limited', limited: { limitResponse: { type: 'Queue' } } },
      'spec.limited.limitResponse.queuing: Required value: must not be empty if limited.limitResponse.type is Limited',
    ],
    [
      'rejected in queues',
      { type: 'Limited', limited: { limitResponse: { type: 'Reject', queuing: {} } } },
      'spec.limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited',
    ],
    [
      'of a hand larger than the deck',
      queuing({ queues: 2, handSize: 3 }),
      'handSize: Invalid value: 3: should not be greater than queues (2)',
    ],
    [
      'of a hand that takes too much chance',
      queuing({ queues: 1_000, handSize: 8 }),
      'handSize: Invalid value: 8: required entropy bits of deckSize 1000 and handSize 8 should not be greater than 60',
    ],
  ])('may not be %s', async (_what, spec, words) => {
    const { status, json } = await cluster.call('POST', levels, { metadata: { name: 'wrong' }, spec });
    expect([status, json.message]).toEqual([422, expect.stringContaining(words)]);
  });
});
