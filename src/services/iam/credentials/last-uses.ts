import type { State, Transaction } from '../../../reconcile/index.ts';
import type { Principal } from '../../service.ts';
import { accessKeyKey, accessKeys, type LastUseRecord, lastUseKey, lastUses, roles } from '../records.ts';
import { wholeSecond } from '../whole-seconds.ts';

/** AWS, too, tells the last use only coarsely. */
const intervalMs = 5 * 60_000;

/** So many keys, long-term and temporary, are remembered as noted; the oldest make room, and are noted once more. */
const rememberedKeys = 10_000;

/**
 * Keeps when each access key and each role was last used, and for what. A request costs a look into a map; a write
 * happens once for each key or role in an interval.
 */
export class LastUses {
  readonly #state: State;
  /** By access key id. */
  readonly #notedAt = new Map<string, number>();

  constructor(state: State) {
    this.#state = state;
  }

  /**
   * @param service The signing name.
   * @param now Epoch milliseconds.
   */
  readonly note = (principal: Principal, service: string, region: string, now: number): void => {
    const { accessKeyId } = principal;
    const notedAt = this.#notedAt.get(accessKeyId);
    if (notedAt !== undefined && now - notedAt < intervalMs) return;
    this.#remember(accessKeyId, now);
    const id = usedId(principal);
    if (id === undefined) return;
    // Nobody waits for it; one that fails is noted anew with the next use.
    this.#state
      .transact((tx) => write(tx, principal, id, { lastUsedAt: wholeSecond(now), service, region }))
      .catch(() => this.#notedAt.delete(accessKeyId));
  };

  #remember(accessKeyId: string, now: number): void {
    this.#notedAt.delete(accessKeyId);
    if (this.#notedAt.size >= rememberedKeys) {
      const [oldest = ''] = this.#notedAt.keys();
      this.#notedAt.delete(oldest);
    }
    this.#notedAt.set(accessKeyId, now);
  }
}

/** Sessions of users, federated ones and the unsigned leave no trace: AWS tells of long-term keys and of roles. */
function usedId({ identity, session, userId, accessKeyId }: Principal): string | undefined {
  if (identity.kind === 'role') return userId.slice(0, userId.indexOf(':'));
  return session === undefined && identity.kind !== 'anonymous' ? accessKeyId : undefined;
}

function write(tx: Transaction, { identity, accountId }: Principal, id: string, use: LastUseRecord): void {
  const key = lastUseKey(accountId, id);
  const before = tx.get(lastUses, key);
  // Another session of the role, another control plane, or this one before it started anew, was here.
  if (before !== undefined && use.lastUsedAt - before.lastUsedAt < intervalMs) return;
  if (identity.kind === 'role' ? isRole(tx, id) : isKey(tx, accountId, id)) tx.put(lastUses, key, use);
}

/** The root's first key is the installation's, and no record. */
const isKey = (tx: Transaction, accountId: string, id: string): boolean =>
  tx.get(accessKeys, accessKeyKey(accountId, id)) !== undefined;

/** Read by its key, too, so that a deletion at the same moment is seen. */
function isRole(tx: Transaction, id: string): boolean {
  const [stored] = tx.byIndex(roles, 'id', id);
  return stored !== undefined && tx.get(roles, stored.key)?.id === id;
}
