import { describe, expect, it } from 'vitest';
import type { PlacedSpec } from './objects.ts';
import { SchedulingModel } from './testing/model.ts';

const apps = ['web', 'db', 'log'];
const groups = 25;
const seedsOfGroup = 24;

const term = (app: string, topologyKey: string) => ({ topologyKey, labelSelector: { matchLabels: { app } } });

/** A pod that wants something of each sort now and then. */
function wishes({ random }: SchedulingModel, app: string): Partial<PlacedSpec> {
  const isSo = (share: number): boolean => random.float() < share;
  const topologyKey = isSo(0.5) ? 'kubernetes.io/hostname' : 'topology.kubernetes.io/zone';
  const required = (other: string) => ({
    requiredDuringSchedulingIgnoredDuringExecution: [term(other, topologyKey)],
  });
  const other = apps[random.integer(apps.length)] ?? app;
  return {
    containers: [
      {
        ...{ name: 'c', image: 'nginx:1' },
        ...(isSo(0.9) && { resources: { requests: { cpu: `${100 * random.integer(16)}m` } } }),
        ...(isSo(0.15) && { ports: [{ containerPort: 80, hostPort: 8_000 + random.integer(2) }] }),
      },
    ],
    priority: isSo(0.15) ? 10 * random.integer(3) : 0,
    ...(isSo(0.3) && { tolerations: [{ key: 'gpu', operator: 'Exists' }] }),
    ...(isSo(0.15) && { nodeSelector: { 'topology.kubernetes.io/zone': isSo(0.5) ? 'a' : 'b' } }),
    ...(isSo(0.3) && {
      affinity: isSo(0.6) ? { podAntiAffinity: required(other) } : { podAffinity: required(other) },
    }),
    ...(isSo(0.2) && {
      topologySpreadConstraints: [
        { ...term(app, topologyKey), maxSkew: 1 + random.integer(2), whenUnsatisfiable: 'DoNotSchedule' },
      ],
    }),
  };
}

const nodeNames = ['n1', 'n2', 'n3', 'n4', 'n5'];
const anyOf = <T>({ random }: SchedulingModel, all: readonly T[]): T | undefined =>
  all[random.integer(Math.max(1, all.length))];

const deeds: readonly ((model: SchedulingModel) => void)[] = [
  (model) => {
    const app = anyOf(model, apps) ?? '';
    const spec = wishes(model, app);
    for (let count = 1 + model.random.integer(4); count > 0; count--) model.addPod(spec, app);
  },
  (model) => {
    const app = anyOf(model, apps) ?? '';
    model.addPod(wishes(model, app), app);
  },
  // A node comes, grows or shrinks, and changes its taint.
  (model) => {
    const isTainted = model.random.float() < 0.2;
    model.putNode(
      ...([anyOf(model, nodeNames) ?? '', 1 + model.random.integer(4)] as const),
      ...(isTainted ? ['gpu'] : []),
    );
  },
  (model) => {
    if (model.random.float() < 0.4) model.removeNode(anyOf(model, nodeNames) ?? '');
  },
  (model) => {
    const pod = anyOf(model, model.pods);
    if (pod !== undefined) model.removePod(pod);
  },
  (model) => {
    if (model.random.float() < 0.3) model.crash();
  },
];

describe('a scheduler whose cluster changes all the time', () => {
  it.each(Array.from({ length: groups }, (_, group) => group))(
    'keeps every rule, and forgets nobody for whom there is a node (seeds of group %i)',
    (group) => {
      for (let seed = group * seedsOfGroup; seed < (group + 1) * seedsOfGroup; seed++) {
        const model = new SchedulingModel(seed);
        try {
          for (const name of nodeNames.slice(2)) model.putNode(name, 2);
          for (let step = 0; step < 40; step++) {
            anyOf(model, deeds)?.(model);
            model.turn(1 + model.random.integer(8), 0.9);
          }
          model.settle();
          expect(model.forgotten()).toEqual([]);
        } catch (error) {
          throw new Error(`With seed ${seed}`, { cause: error });
        }
        expect(model.placements).toBeGreaterThan(0);
      }
    },
  );
});
