import type { Random } from '../../src/clock/index.ts';
import { EmbeddedStore, type Journal } from '../../src/store/embedded-store.ts';
import type { Store } from '../../src/store/index.ts';
import { Keyspace } from '../../src/store/keyspace.ts';
import type { StagedCommit } from '../../src/store/staging.ts';
import type { SimProcess } from './sim-process.ts';

export interface DurableLogOptions {
  readonly random: Random;
  /** How long a write to the disk takes at most. */
  readonly mostWriteMs: () => number;
  /** Everything that is durable, in order, at the instant at which it became so. */
  readonly onCommit: (commit: StagedCommit) => void;
  /** Planted: the store answers before its disk has written, so a crash loses what was answered. */
  readonly answersEarly?: boolean;
}

/**
 * The control plane's disk: the commits that have reached it. Every process of the control plane opens the
 * embedded store over it, the product's own but for the file beneath: what was on its way when the process died
 * is lost.
 */
export class DurableLog {
  readonly #options: DurableLogOptions;
  readonly #commits: StagedCommit[] = [];

  constructor(options: DurableLogOptions) {
    this.#options = options;
  }

  get revision(): number {
    return this.#commits.at(-1)?.revision ?? 0;
  }

  /** The store as a process of the control plane opens it. */
  open(process: SimProcess): Store {
    const keyspace = new Keyspace();
    for (const { revision, changes } of this.#commits) keyspace.apply(revision, changes);
    return new EmbeddedStore(process.clock, this.#journal(process), {
      keyspace,
      leases: [],
      lastLeaseNumber: 0,
      forgotten: [],
    });
  }

  #journal(process: SimProcess): Journal {
    const { random, mostWriteMs, onCommit, answersEarly } = this.#options;
    const write = async (commits: readonly StagedCommit[]): Promise<void> => {
      await process.across('the journal', async () => {
        const writeMs = random.float() * mostWriteMs();
        if (writeMs > 0) await process.clock.sleep(writeMs);
        if (process.isDead) return;
        for (const commit of commits) {
          this.#commits.push(commit);
          onCommit(commit);
        }
      });
    };
    let written: Promise<void> = Promise.resolve();
    return {
      gather: () => undefined,
      append: ({ commits }) => {
        if (commits.length === 0) return;
        written = written.then(() => write(commits));
        return answersEarly ? undefined : written;
      },
      close: () => {},
    };
  }
}
