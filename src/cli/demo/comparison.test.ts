import { expect, it } from 'vitest';
import { comparison } from './comparison.ts';
import { monthlyCost } from './cost.ts';
import type { HullFacts } from './hull-facts.ts';

const facts = (role: string, more: Partial<HullFacts> = {}): HullFacts => ({
  ...{ capacityMs: 1_500, firstAnswerMs: 61_000, oneMoreMs: 840 },
  requests: { url: 'http://198.18.0.1/', answered: 353, failed: 2, byRevision: { 1: 100, 2: 253 } },
  memory: { usedBytes: 1_153_434, reservedMiB: 96, keptBackMiB: 476 },
  addresses: { balancer: 2, application: 7, public: 2 },
  identity: {
    ...{ role, isFound: true },
    decisions: {
      ...{ 'logs:FilterLogEvents': 'allowed', 'ecs:DeleteCluster': 'denied', 'eks:DeleteCluster': 'denied' },
    },
  },
  ...more,
});
/** Of a row, by how its label begins. */
const row = (table: string, label: string): string[] | undefined =>
  table
    .split('\n')
    .find((line) => line.startsWith(label))
    ?.slice(label.length)
    .trim()
    .split(/\s{2,}/);

it('shows both hulls beside each other within 80 columns', () => {
  const table = comparison({
    ecs: facts('demo-task', { requests: { ...facts('').requests, failed: 0 } }),
    eks: facts('demo-pod'),
  });
  for (const line of table.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(row(table, 'cluster and room for the application')).toEqual(['1.5 s', '1.5 s']);
  expect(row(table, 'application asked for, first answer')).toEqual(['1 min 01 s', '1 min 01 s']);
  expect(row(table, 'failed')).toEqual(['0', '2']);
  expect(row(table, 'memory that one container uses')).toEqual(['1.1 MiB', '1.1 MiB']);
  expect(row(table, 'role whose credentials it finds')).toEqual(['demo-task', 'demo-pod']);
  expect(row(table, '  logs:FilterLogEvents')).toEqual(['allowed', 'allowed']);
  expect(row(table, '  ecs:DeleteCluster, eks:DeleteCluster')).toEqual(['denied', 'denied']);
  expect(row(table, 'AWS a month: control plane')).toEqual(['$0.00', '$73.00']);
});

it('marks as estimated what is, and says how', () => {
  const table = comparison({ ecs: facts('demo-task'), eks: facts('demo-pod') });
  expect(row(table, '  a t3.small')).toEqual(['~ $15.18', '$15.18']);
  expect(row(table, '  load balancer')).toEqual(['~ $22.27', '~ $22.27']);
  expect(row(table, '  together, on Fargate instead')?.[1]).toMatch(/^~ \$/);
  expect(table).toMatch(/Prices of us-east-1, .* on demand/);
  expect(table).toMatch(/~ is estimated: one load balancer capacity unit all the time/);
});

it('shows one hull alone, and leaves out what nobody saw', () => {
  const { addresses: _, identity: __, ...seen } = facts('demo-pod');
  const table = comparison({ eks: { ...seen, memory: { reservedMiB: 96, keptBackMiB: 476 } } });
  expect(table.split('\n')[0]?.trim()).toBe('EKS');
  expect(table).not.toMatch(/uses|role|AWS|\$/);
  const without = comparison({ ecs: seen, eks: facts('demo-pod') });
  expect(row(without, 'role whose credentials it finds')).toEqual(['-', 'demo-pod']);
  expect(row(without, 'AWS a month: control plane')).toEqual(['-', '$73.00']);
});

it('is empty where nothing was seen at all', () => {
  expect(comparison({ eks: {} })).toBe('');
});

it('tells that a container finds no credentials, whatever its role may do', () => {
  const { identity } = facts('demo-task');
  const table = comparison({ ecs: facts('demo-task', { identity: { ...identity, isFound: false } }) });
  expect(row(table, 'role whose credentials it finds')).toEqual(['none']);
});

it('costs what its public addresses cost, the node’s among them', () => {
  const table = comparison({
    ecs: facts('demo-task'),
    eks: facts('demo-pod', { addresses: { balancer: 2, application: 7, public: 3 } }),
  });
  expect(row(table, '  public addresses')).toEqual(['$7.30', '$10.95']);
});

it('costs on EKS what it costs on ECS, and the control plane', () => {
  const addresses = { balancer: 2, application: 7, public: 2 };
  const [ecs, eks] = [monthlyCost('ecs', addresses), monthlyCost('eks', addresses)];
  expect(eks.total - ecs.total).toBeCloseTo(73, 6);
  expect(ecs.total).toBeCloseTo(730 * (0.0208 + 0.0225 + 0.008 + 2 * 0.005), 6);
  // Three of 0.25 vCPU and 0.5 GB: as AWS's page on Fargate computes its examples.
  expect(ecs.totalOnFargate - ecs.total).toBeCloseTo(
    730 * (3 * (0.25 * 0.04048 + 0.5 * 0.004445) - 0.0208),
    6,
  );
  // Pods on Fargate have no node, whose address would be paid for.
  const withNode = monthlyCost('eks', { ...addresses, public: 3 });
  expect(withNode.total - eks.total).toBeCloseTo(3.65, 6);
  expect(withNode.totalOnFargate).toBe(eks.totalOnFargate);
});
