import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../objects/object.ts';
import { messageNamed } from '../schema/messages.ts';
import { applyStrategicMergePatch } from './strategic-merge.ts';

const pod = messageNamed('k8s.io.api.core.v1.PodSpec');
const merge = (object: JsonObject, patch: JsonObject) => applyStrategicMergePatch(pod, object, patch);
const containers = [
  { name: 'a', image: 'x:1', env: [{ name: 'E', value: '1' }] },
  { name: 'b', image: 'y:1' },
];

const cases: readonly (readonly [what: string, object: JsonObject, patch: JsonObject, merged: JsonObject])[] =
  [
    [
      'changes the item of the same name',
      { containers },
      { containers: [{ name: 'b', image: 'y:2' }] },
      { containers: [containers[0] ?? {}, { name: 'b', image: 'y:2' }] },
    ],
    [
      'merges lists within lists',
      { containers },
      { containers: [{ name: 'a', env: [{ name: 'F', value: '2' }] }] },
      {
        containers: [
          {
            ...containers[0],
            env: [
              // What is new comes first.
              { name: 'F', value: '2' },
              { name: 'E', value: '1' },
            ],
          },
          containers[1] ?? {},
        ],
      },
    ],
    [
      'takes out what it deletes',
      { containers },
      { containers: [{ name: 'a', $patch: 'delete' }] },
      { containers: [containers[1] ?? {}] },
    ],
    [
      'replaces a list as a whole',
      { containers },
      { containers: [{ $patch: 'replace' }, { name: 'c' }] },
      { containers: [{ name: 'c' }] },
    ],
    [
      'sets an order',
      { containers },
      {
        '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
        containers: [{ name: 'a', image: 'x:2' }],
      },
      { containers: [containers[1] ?? {}, { ...containers[0], image: 'x:2' }] },
    ],
    [
      'replaces lists without a key',
      { tolerations: [{ key: 'x' }] },
      { tolerations: [{ key: 'y' }] },
      { tolerations: [{ key: 'y' }] },
    ],
    [
      'merges maps and takes out what is null',
      { nodeSelector: { a: '1', b: '2' } },
      { nodeSelector: { a: null, c: '3' } },
      { nodeSelector: { b: '2', c: '3' } },
    ],
    [
      'clears the rest of a union',
      { volumes: [{ name: 'v', emptyDir: {} }] },
      { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] },
      { volumes: [{ name: 'v', hostPath: { path: '/x' } }] },
    ],
    [
      'leaves directives within what is new',
      { containers },
      { containers: [{ name: 'c', env: [{ name: 'E', $patch: 'delete' }] }] },
      { containers: [{ name: 'c', env: [{ name: 'E', $patch: 'delete' }] }, ...containers] },
    ],
    [
      'takes a list that was not there without what is deleted from it, and without nulls',
      {},
      {
        initContainers: [
          { name: 'a', $patch: 'delete' },
          { name: 'b', image: null },
        ],
      },
      { initContainers: [{ name: 'b' }] },
    ],
    [
      'takes nothing that was not there and is replaced',
      {},
      { nodeSelector: { $patch: 'replace', a: '1' } },
      {},
    ],
    ['deletes the whole', { containers }, { $patch: 'delete' }, {}],
  ];

describe('a strategic merge patch', () => {
  it.each(cases)('%s', (_what, object, patch, merged) => {
    expect(merge(object, patch)).toEqual(merged);
  });

  it('is refused where an item has no key', () => {
    expect(() => merge({ containers }, { containers: [{ image: 'z' }] })).toThrow(
      'does not contain declared merge key: name',
    );
  });

  it('is refused where its order is another than that which it sets', () => {
    const order = { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] };
    expect(() => merge({ containers }, { ...order, containers: [{ name: 'a' }, { name: 'b' }] })).toThrow(
      "The order in patch list:\n[map[name:a] map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:b] map[name:a]]\n",
    );
  });
});
