import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../clock/index.ts';
import { openState, type RecordKey } from '../../reconcile/index.ts';
import { openMemoryStore } from '../../store/index.ts';
import { bindingsTo } from './bindings.ts';

const place = { accountId: '1', region: 'r', id: 'C' };

const names = ['ada', 'bob', 'system:serviceaccount:one:bot', 'dev'];
const namespaces = ['one', 'two'];
const subject = fc.oneof(
  fc.record({ kind: fc.constantFrom('User', 'Group', 'Robot'), name: fc.constantFrom(...names) }),
  fc.record({
    kind: fc.constant('ServiceAccount'),
    name: fc.constantFrom('bot', 'ada'),
    namespace: fc.constantFrom('', ...namespaces),
  }),
);
type Subject = { readonly kind: string; readonly name: string; readonly namespace?: string };
/** Of whichever cluster; in no namespace: a ClusterRoleBinding. */
const binding = fc.record({
  cluster: fc.constantFrom('C', 'D'),
  namespace: fc.constantFrom('', ...namespaces),
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  subjects: fc.array(subject, { maxLength: 4 }),
});

function keyOf({
  cluster,
  namespace,
  name,
}: {
  cluster: string;
  namespace: string;
  name: string;
}): RecordKey {
  const noun = namespace === '' ? 'clusterrolebindings' : 'rolebindings';
  const within = namespace === '' ? '' : `${namespace}/`;
  return `/kubernetes/1/r/${noun}.rbac.authorization.k8s.io/${cluster}/${within}${name}` as RecordKey;
}

/** As each binding would be asked by itself. */
const isMeant = (of: Subject, own: string, username: string, groups: readonly string[]): boolean =>
  (of.kind === 'User' && of.name === username) ||
  (of.kind === 'Group' && groups.includes(of.name)) ||
  (of.kind === 'ServiceAccount' &&
    username === `system:serviceaccount:${of.namespace === '' ? own : of.namespace}:${of.name}`);

describe('the bindings to somebody', () => {
  it('are those that name him or a group of his, of the cluster and the namespace, through all changes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(binding, fc.record({ gone: binding })), { maxLength: 12 }),
        fc.constantFrom(...names),
        fc.uniqueArray(fc.constantFrom(...names)),
        fc.constantFrom('', ...namespaces),
        async (changes, username, groups, namespace) => {
          const clock = systemClock();
          await using stack = new AsyncDisposableStack();
          const store = stack.adopt(openMemoryStore({ clock }), (it) => it.close());
          const state = stack.adopt(await openState(store, { clock }), (it) => it.close());
          const found = () =>
            bindingsTo(state, place, { username, groups }, namespace).map(({ key }) => key as string);
          const kept = new Map<string, boolean>();
          for (const change of changes) {
            // Asked between changes as well: what is remembered has to follow.
            expect(found()).toEqual([...kept].flatMap(([key, is]) => (is ? [key] : [])).toSorted());
            const of = 'gone' in change ? change.gone : change;
            const key = keyOf(of);
            const counts = of.cluster === 'C' && of.namespace === namespace;
            if ('gone' in change) {
              kept.delete(key);
              await store.commit([], [{ type: 'delete', key }]);
            } else {
              const metadata = { name: of.name, ...(of.namespace !== '' && { namespace: of.namespace }) };
              kept.set(key, counts && of.subjects.some((it) => isMeant(it, of.namespace, username, groups)));
              await store.commit([], [{ type: 'put', key, value: { metadata, subjects: of.subjects } }]);
            }
            await state.reached(await store.revision());
          }
          expect(found()).toEqual([...kept].flatMap(([key, is]) => (is ? [key] : [])).toSorted());
        },
      ),
      { numRuns: 60 },
    );
  });
});
