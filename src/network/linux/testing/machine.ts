import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import { VirtualClock } from '../../../clock/index.ts';
import { type RecordingLog, recordingLog } from '../../../log.ts';
import type { VpcSocket } from '../../network.ts';
import { hostLinkName } from '../link-name.ts';
import { LinuxNetwork, type LinuxNetworkOptions } from '../linux-network.ts';
import { type Namespace, namedNamespace, removeName } from '../namespace.ts';
import { namesOfNamespaces, prefixOf } from '../namespace-names.ts';
import { setLinkUp } from '../netlink/link.ts';
import { NetlinkSocket } from '../netlink/socket.ts';
import { listenIn } from '../sockets.ts';
import { vpc } from './topologies.ts';

const run = promisify(execFile);
const never = new AbortController().signal;
const patience = { timeout: 100_000 };

/**
 * A machine for one test: a network namespace that stands for the host, and others for sandboxes. Disposing of it
 * takes everything away that was made on it.
 */
export class TestMachine implements AsyncDisposable {
  readonly installationId = randomBytes(6).toString('hex');
  readonly clock = new VirtualClock(0);
  readonly log: RecordingLog = recordingLog();
  readonly host: Namespace;
  readonly #namespaces = new Map<string, Namespace>();
  readonly #networks: LinuxNetwork[] = [];
  readonly #servers: Server[] = [];

  constructor() {
    this.host = this.namespace('host');
    using socket = new NetlinkSocket(this.host);
    socket.batch([setLinkUp(1, 'lo')]);
  }

  /** One more namespace, or the one of that name. */
  namespace(name: string): Namespace {
    const known = this.#namespaces.get(name);
    if (known !== undefined) return known;
    const made = namedNamespace(this.nameOf(name));
    this.#namespaces.set(name, made);
    return made;
  }

  /** As when its container ends. */
  endNamespace(name: string): void {
    this.#namespaces.get(name)?.[Symbol.dispose]();
    this.#namespaces.delete(name);
    removeName(this.nameOf(name));
  }

  network(options: Partial<LinuxNetworkOptions> = {}): LinuxNetwork {
    const network = new LinuxNetwork({
      installationId: this.installationId,
      publicCidr: '198.51.100.0/24',
      clock: this.clock,
      log: this.log,
      hostNamespacePath: this.host.path,
      ...options,
    });
    this.#networks.push(network);
    return network;
  }

  /** Attaches an interface to the namespace of that name. */
  attach(network: LinuxNetwork, interfaceId: string, name: string): Promise<void> {
    return network.attach({ interfaceId, netnsPath: this.namespace(name).path, signal: never });
  }

  /** What a program prints that runs in the namespace of that name. @throws when it fails. */
  async runIn(name: string, file: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await this.namespace(name).run(() => run(file, args, patience));
    return stdout;
  }

  /** What a program prints that runs on the machine that the test runs on. @throws when it fails. */
  async run(file: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await run(file, args, patience);
    return stdout;
  }

  /** Names of the VPCs' namespaces. */
  routers(): string[] {
    return namesOfNamespaces(prefixOf(this.installationId));
  }

  /** The host's end of the internet gateway's link of the VPC of `vpc()`. */
  hostLink(): string {
    return hostLinkName(vpc().id);
  }

  /** Waits for a state. @throws when it isn't reached within 50 s. */
  async until(isReached: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 50_000;
    while (!(await isReached())) {
      if (performance.now() > deadline) throw new Error(`Not reached: ${isReached}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async canPing(name: string, address: string): Promise<boolean> {
    const answer = await answered(() => this.runIn(name, 'busybox', 'ping', '-c1', '-W1', address));
    return answer !== undefined;
  }

  /** A server in a namespace, on all of its addresses: it tells who connects their address. */
  async serve(name: string, port = 80): Promise<void> {
    await this.serveOn(this.listen(name, { type: 'tcp', address: '0.0.0.0', port }));
  }

  listen(name: string, socket: VpcSocket): number {
    return listenIn(this.namespace(name), socket);
  }

  async serveOn(fd: number): Promise<void> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(socket.remoteAddress ?? '');
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen({ fd }, resolve));
  }

  /** The address that the server there tells; undefined when none is reached. */
  connect(name: string, address: string, port = 80): Promise<string | undefined> {
    return answered(() => this.runIn(name, 'busybox', 'nc', '-w1', address, String(port)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) {
      await new Promise((resolve) => server.close(resolve));
    }
    for (const network of this.#networks) await network[Symbol.asyncDispose]();
    await using last = this.network();
    await last.purge();
    for (const name of [...this.#namespaces.keys()]) this.endNamespace(name);
  }

  /** Of a namespace, as `ip` wants it. */
  nameOf(name: string): string {
    return `ctmtest-${this.installationId}-${name}`;
  }
}

/**
 * What a program prints that waits for an answer for a second; undefined when it fails twice. A link that has just been
 * set up may lose the first packet, and a try that took much longer than its second says nothing: the machine stood still.
 */
async function answered(ask: () => Promise<string>): Promise<string | undefined> {
  for (let inTime = 0, tries = 0; inTime < 2 && tries < 20; tries += 1) {
    const beganMs = performance.now();
    try {
      return await ask();
    } catch {
      if (performance.now() - beganMs < 1_500) inTime += 1;
    }
  }
  return undefined;
}
