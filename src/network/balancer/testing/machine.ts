import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  Guard,
  LoadBalancerPlan,
  LogEntry,
  NodeReport,
  TargetPlan,
  TargetReport,
  TrafficReport,
} from '../../../balancing/index.ts';
import { seededRandom, systemClock } from '../../../clock/index.ts';
import type { LinuxNetwork } from '../../linux/linux-network.ts';
import { TestMachine } from '../../linux/testing/machine.ts';
import { eni, eniId, vpc } from '../../linux/testing/topologies.ts';
import type { CertificateChain, LoadBalancers } from '../balancer.ts';
import type { BalancersOptions } from '../balancers-of-nodes.ts';
import { balancer, target } from './plans.ts';

export const nodeAddresses = ['10.0.1.5', '10.0.2.5'] as const;
const clientAddress = '10.0.1.9';
/** Where targets may be. */
const targetAddresses = ['10.0.1.20', '10.0.1.21', '10.0.2.20', '10.0.2.21'] as const;

/** How a driver is opened, and all that it made taken away. */
export interface BalancerDriver {
  open(options: BalancersOptions): LoadBalancers;
  purge(options: BalancersOptions): void;
}

/** A VPC with two nodes of a load balancer, a client, and places for targets. */
export class BalancerMachine implements AsyncDisposable {
  readonly machine = new TestMachine();
  readonly directory = mkdtempSync(join(tmpdir(), 'catamaran-balancers-'));
  readonly certificates = new Map<string, CertificateChain>();
  readonly network: LinuxNetwork = this.machine.network({ clock: systemClock() });
  /** What was reported last, by target's key. */
  readonly targets = new Map<string, TargetReport>();
  /** Lets nobody pass. */
  guard: Guard = async () => ({ type: 'answer', status: 401, fields: [] });
  nodes: readonly NodeReport[] = [];
  /** All that was reported of what nodes carried. */
  readonly traffic: TrafficReport[] = [];
  /** All that was logged. */
  readonly entries: LogEntry[] = [];
  readonly #servers = new Set<Server>();
  readonly #sockets = new Set<Socket>();
  readonly #driver: BalancerDriver;
  #balancers: LoadBalancers | undefined;

  constructor(driver: BalancerDriver) {
    this.#driver = driver;
  }

  static async open(driver: BalancerDriver): Promise<BalancerMachine> {
    const opened = new BalancerMachine(driver);
    const addresses = [...nodeAddresses, clientAddress, ...targetAddresses];
    await opened.network.apply(vpc({ interfaces: addresses.map((address) => eni(address)) }));
    await opened.machine.attach(opened.network, eniId(clientAddress), 'client');
    for (const address of targetAddresses) {
      await opened.machine.attach(opened.network, eniId(address), address);
    }
    return opened;
  }

  get balancers(): LoadBalancers {
    this.#balancers ??= this.#driver.open(this.#options());
    return this.#balancers;
  }

  #options(): BalancersOptions {
    return {
      installationId: this.machine.installationId,
      network: this.network,
      certificate: (arn) => {
        const found = this.certificates.get(arn);
        if (found === undefined) throw new Error(`There is no certificate ${arn}`);
        return found;
      },
      guard: this.guard,
      reports: {
        targets: (_, reports) => {
          for (const report of reports) this.targets.set(`${report.id}:${report.port}`, report);
        },
        nodes: (_, reports) => {
          this.nodes = reports;
        },
        traffic: (_, report) => void this.traffic.push(report),
        logged: (_, { entries }) => void this.entries.push(...entries),
      },
      directory: this.directory,
      hostNamespacePath: this.machine.host.path,
      clock: systemClock(),
      random: seededRandom(1),
      log: this.machine.log,
    };
  }

  /** As when Catamaran ends, and begins again with the next use. */
  async close(): Promise<void> {
    await this.#balancers?.[Symbol.asyncDispose]();
    this.#balancers = undefined;
    this.targets.clear();
  }

  /** Nodes in both zones. */
  plan(changes: Partial<LoadBalancerPlan> = {}): LoadBalancerPlan {
    const nodes = nodeAddresses.map((address, index) => ({
      interfaceId: eniId(address),
      address,
      availabilityZone: index === 0 ? 'us-east-1a' : 'us-east-1b',
    }));
    return balancer({ nodes, ...changes });
  }

  /** A server in one of the targets' places. */
  async serve(address: string, answer: RequestListener = said(address), port = 80): Promise<TargetPlan> {
    const server = createServer(answer);
    const fd = this.machine.listen(address, { type: 'tcp', address: '0.0.0.0', port });
    await new Promise<void>((resolve) => server.listen({ fd }, resolve));
    this.#servers.add(server);
    return target(address, {
      port,
      availabilityZone: address.startsWith('10.0.1.') ? 'us-east-1a' : 'us-east-1b',
    });
  }

  /** A server for TCP and UDP: it says where it is and who sent a datagram. @param bound Of its addresses the one for UDP. */
  async serveBoth(address: string, port: number, bound = '0.0.0.0'): Promise<TargetPlan> {
    const socket = createSocket('udp4');
    const fd = this.machine.listen(address, { type: 'udp', address: bound, port });
    const here = address === 'host' ? `port ${port}` : address;
    socket.on('message', (_, from) => socket.send(`${here} for ${from.address}`, from.port, from.address));
    await new Promise<void>((resolve) => socket.bind({ fd }, resolve));
    this.#sockets.add(socket);
    return this.serve(address, undefined, port);
  }

  /** The answer to a datagram from the client; empty when there is none in time. @param sourcePort 0: any. */
  datagram(address: string, port: number, sourcePort = 0, patienceMs = 50_000): Promise<string> {
    const asked = [address, port, sourcePort, patienceMs].map(String);
    return this.machine.runIn('client', process.execPath, '-e', askByDatagram, ...asked);
  }

  /** What curl prints in the client’s namespace. */
  curl(...args: readonly string[]): Promise<string> {
    return this.machine.runIn('client', 'curl', '-s', '-m', '60', ...args);
  }

  until(isReached: () => boolean | Promise<boolean>): Promise<void> {
    return this.machine.until(isReached);
  }

  stateOf(key: string): string | undefined {
    return this.targets.get(key)?.health.state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    this.#driver.purge(this.#options());
    for (const socket of this.#sockets) socket.close();
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await this.machine[Symbol.asyncDispose]();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Answers with a word, whatever is asked. */
function said(word: string): RequestListener {
  return (_: IncomingMessage, response) => response.end(word);
}

const askByDatagram = `
  const socket = require('node:dgram').createSocket('udp4');
  const ask = () => socket.send('hello', Number(process.argv[2]), process.argv[1]);
  socket.once('message', (message) => { process.stdout.write(message); socket.close(); });
  socket.bind(Number(process.argv[3]));
  ask();
  // What comes before a node leads it is lost.
  const again = setInterval(ask, 1000);
  socket.on('close', () => clearInterval(again));
  setTimeout(() => process.exit(), Number(process.argv[4])).unref();
`;
