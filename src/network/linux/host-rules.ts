import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Log } from '../../log.ts';
import { NetworkError } from '../network.ts';
import { hostLinkPrefix, machineLinkPrefix } from './link-name.ts';
import type { Namespace } from './namespace.ts';
import { Nftables } from './nftables.ts';

const execute = promisify(execFile);
const iptablesTimeoutMs = 10_000;

/** Rules of iptables may be of a kind that does not tell when it changes; so they are looked at now and then. */
const looksBetweenPassages = 6;

export interface HostRulesOptions {
  readonly installationId: string;
  /** The installation's public addresses: to the world they are the machine's. */
  readonly publicCidr: string;
  readonly log: Log;
}

/**
 * The machine's own rules for VPCs: a table of the installation's that translates where its public block ends, and leave
 * to pass in the chain that Docker keeps for others. No other rule is touched.
 */
export class HostRules implements Disposable {
  readonly #namespace: Namespace;
  readonly #options: HostRulesOptions;
  readonly #nftables: Nftables;
  readonly #table: string;
  /** As nftables tells it when it is right. */
  #listing: string | undefined;
  #tunnelGuard: readonly string[] = [];
  #generation: number | undefined;
  #looksUntilPassage = 0;
  #passagesMade = 0;

  constructor(namespace: Namespace, options: HostRulesOptions) {
    this.#namespace = namespace;
    this.#options = options;
    this.#nftables = new Nftables(namespace);
    this.#table = `catamaran_${options.installationId.replaceAll(/\W/g, '_')}`;
  }

  /** How many times anything was written to the kernel. */
  get writes(): number {
    return this.#nftables.transactions + this.#passagesMade;
  }

  get guardsTunnels(): boolean {
    return this.#tunnelGuard.length > 0;
  }

  /** Rules for what comes in by tunnels. @returns whether they are others than before: then `converge` has to follow. */
  guardTunnels(rules: readonly string[]): boolean {
    if (JSON.stringify(rules) === JSON.stringify(this.#tunnelGuard)) return false;
    this.#tunnelGuard = rules;
    this.#listing = undefined;
    this.#generation = undefined;
    return true;
  }

  /** @throws {NetworkError} */
  async converge(): Promise<void> {
    // As it was before it is looked at: what others change meanwhile is found by the next look.
    const generation = this.#nftables.generation();
    if (generation !== this.#generation) {
      if (this.#listing === undefined || this.#list() !== this.#listing) {
        this.#nftables.run(hostTable(this.#table, this.#options.publicCidr, this.#tunnelGuard));
        this.#listing = this.#list();
      }
      this.#looksUntilPassage = 0;
    }
    if (this.#looksUntilPassage === 0) {
      await this.#letPass();
      this.#looksUntilPassage = looksBetweenPassages;
    }
    this.#looksUntilPassage -= 1;
    this.#generation = generation;
  }

  /** @throws {NetworkError} */
  async purge(): Promise<void> {
    this.#nftables.run(`add table ip ${this.#table}\ndelete table ip ${this.#table}\n`);
    for (const passage of this.#passages()) {
      while ((await this.#iptables('iptables', ['-D', 'DOCKER-USER', ...passage])) !== undefined);
    }
    this.#generation = undefined;
    this.#listing = undefined;
  }

  [Symbol.dispose](): void {
    this.#nftables[Symbol.dispose]();
  }

  #list(): string | undefined {
    try {
      return this.#nftables.list(`table ip ${this.#table}`);
    } catch {
      return undefined;
    }
  }

  /** Docker drops what it doesn't forward itself, and asks this chain first. Where there is none, nothing is needed. */
  async #letPass(): Promise<void> {
    const rules = await this.#iptables('iptables', ['-S', 'DOCKER-USER']);
    const missing = rules === undefined ? [] : this.#passages().filter((passage) => !isAmong(rules, passage));
    if (missing.length === 0) return;
    this.#passagesMade += missing.length;
    // All by one process: to start one holds the whole control plane up for some milliseconds.
    const added = missing.map((passage) => `-I DOCKER-USER ${passage.map(quoted).join(' ')}\n`).join('');
    if ((await this.#iptables('iptables-restore', ['--noflush'], `*filter\n${added}COMMIT\n`)) !== undefined)
      return;
    this.#options.log.warn('Docker cannot be told to let the packets of VPCs pass', { rules: added });
  }

  #passages(): readonly (readonly string[])[] {
    const whose = ['-m', 'comment', '--comment', `catamaran ${this.#options.installationId}`];
    return ['-i', '-o'].map((direction) => [direction, `${hostLinkPrefix}+`, ...whose, '-j', 'ACCEPT']);
  }

  /** @returns what it says; undefined: it refuses, or there is no such command. */
  async #iptables(
    command: 'iptables-restore' | 'iptables',
    args: readonly string[],
    input = '',
  ): Promise<string | undefined> {
    const options = { timeout: iptablesTimeoutMs };
    try {
      // A process begins in the namespace of whoever starts it.
      const { stdout } = await this.#namespace.run(() => {
        const running = execute(command, ['-w', '2', ...args], options);
        // One that ends before it has read all says why by how it ends.
        running.child.stdin?.on('error', () => {}).end(input);
        return running;
      });
      return stdout;
    } catch (cause) {
      const { code } = cause as { code?: unknown };
      if (typeof code === 'number' || code === 'ENOENT') return undefined;
      throw new NetworkError(`Cannot run ${command} ${args.join(' ')}`, { cause });
    }
  }
}

/** Whether a chain, as `iptables -S` prints it, has a rule. Each of its words is printed, in whatever order, and quoted or not. */
function isAmong(rules: string, words: readonly string[]): boolean {
  return rules.split('\n').some((line) => {
    const printed = line.replaceAll('"', '').split(' ');
    const wanted = words.flatMap((word) => word.split(' '));
    return (
      printed[0] === '-A' &&
      printed.length === wanted.length + 2 &&
      wanted.every((it) => printed.includes(it))
    );
  });
}

const quoted = (word: string): string => (word.includes(' ') ? `"${word}"` : word);

/** Replaces the whole table in one transaction. Networks of the Engine stay apart, as they do from one another, and the
 * machine is no way between an interface of its own and anything else. */
function hostTable(table: string, publicCidr: string, tunnelGuard: readonly string[]): string {
  const ours = `"${hostLinkPrefix}*"`;
  const own = `"${machineLinkPrefix}*"`;
  return `add table ip ${table}
delete table ip ${table}
table ip ${table} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${publicCidr} oifname != ${ours} masquerade
  }
  chain forward {
    type filter hook forward priority filter - 1; policy accept;
    iifname ${ours} oifname "docker*" ct state new ct status ! dnat drop
    iifname ${ours} oifname "br-*" ct state new ct status ! dnat drop
    iifname ${own} drop
    oifname ${own} drop
  }
  chain input {
    type filter hook input priority filter - 1; policy accept;
    ${tunnelGuard.join('\n    ')}
  }
}
`;
}
