import type { NewAuthority } from '../../certificates/index.ts';
import type { KubernetesContext } from '../context.ts';

/** Makes one of something before it is asked for; never more than one waits. */
class Ahead<T> {
  readonly #make: () => Promise<T>;
  #waiting: Promise<T> | undefined;

  constructor(make: () => Promise<T>) {
    this.#make = make;
  }

  /** Resolves when one waits. @throws what making it threw; then none does. */
  async prepare(): Promise<void> {
    this.#waiting ??= this.#make();
    const making = this.#waiting;
    try {
      await making;
    } catch (error) {
      if (this.#waiting === making) this.#waiting = undefined;
      throw error;
    }
  }

  /** Nobody gets the same one again. */
  take(): Promise<T> {
    const taken = this.#waiting ?? this.#make();
    this.#waiting = undefined;
    return taken;
  }
}

/**
 * Keys of a cluster that is not there yet: those that nothing of it is needed for. An RSA key takes a processor up to 200 ms, which
 * nobody has to wait for. They are in the process's memory alone until a cluster takes and seals them.
 */
export class KeysAhead {
  readonly #tokenKeys: Ahead<string>;
  readonly #frontProxies: Ahead<NewAuthority>;

  constructor(context: Pick<KubernetesContext, 'random' | 'clock' | 'newTokenKey'>) {
    this.#tokenKeys = new Ahead(context.newTokenKey ?? makeTokenKey);
    this.#frontProxies = new Ahead(async () => {
      const { makeFrontProxy } = await import('./front-proxy.ts');
      return makeFrontProxy(context);
    });
  }

  async prepare(): Promise<void> {
    await Promise.all([this.#tokenKeys.prepare(), this.#frontProxies.prepare()]);
  }

  /** See `newTokenKey`. */
  takeTokenKey(): Promise<string> {
    return this.#tokenKeys.take();
  }

  /** See `makeFrontProxy`. */
  takeFrontProxy(): Promise<NewAuthority> {
    return this.#frontProxies.take();
  }
}

async function makeTokenKey(): Promise<string> {
  const { newTokenKey } = await import('../authentication/service-accounts/token-key.ts');
  return newTokenKey();
}
