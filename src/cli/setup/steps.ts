import { accessSync, constants, existsSync } from 'node:fs';
import { runChild } from '../child.ts';
import type { Composition } from '../composition.ts';
import { CommandError } from '../terminal.ts';
import { installPackages } from './apt.ts';
import { findAwsCli } from './aws-cli.ts';
import { findStaticBusybox } from './busybox.ts';
import { noteMissed, wasMissedLately } from './missed-gvisor.ts';
import { programs } from './programs.ts';

/** What the machine is made ready for: each asks for a little more than the one before. */
export type SetupPurpose = 'up' | 'demo' | 'test';

export interface SetupStep {
  readonly name: string;
  /** Why it is needed, as it is told to the person. */
  readonly why: string;
  /** What is there already, in a few words; undefined when the step is needed. */
  look(signal: AbortSignal): Promise<string | undefined>;
  /** What `make` does, in a few words. */
  readonly what: string;
  make(signal: AbortSignal, report: (line: string) => void): Promise<void>;
  /** Only root may do it. */
  readonly needsRoot: boolean;
  /** It installs Debian packages, so it needs apt-get. */
  readonly needsApt: boolean;
  /** What can be done without: where it can't be had, that is said and the rest goes on. */
  readonly isOptional?: boolean;
  /** What a person types instead. */
  readonly commands: readonly string[];
}

const enginePackages = ['docker.io', 'containerd', 'runc', 'iptables'];
const engineStartDeadlineMs = 30_000;

/** The steps for a purpose, in the order in which they build on each other. */
export function stepsFor(purpose: SetupPurpose, composition: Composition): readonly SetupStep[] {
  const { clock, engine } = composition;
  const env = process.env;
  const lookForEngine = async (signal: AbortSignal): Promise<string | undefined> => {
    const found = await engine.find(signal);
    return found && `${found.name} ${found.version} at ${found.address}`;
  };
  const apt = (
    packages: readonly string[],
  ): Pick<SetupStep, 'what' | 'make' | 'commands' | 'needsRoot' | 'needsApt'> => ({
    what: `installing the Debian packages ${packages.join(' ')}`,
    make: (signal, report) => installPackages(packages, { clock, signal, onLine: report }),
    needsRoot: true,
    needsApt: true,
    commands: [
      'apt-get update',
      `DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${packages.join(' ')}`,
    ],
  });

  const all: readonly (SetupStep & { readonly purposes: readonly SetupPurpose[] })[] = [
    {
      name: 'Docker Engine',
      why: 'Catamaran runs containers with it',
      purposes: ['up', 'demo', 'test'],
      look: async (signal) => (await lookForEngine(signal)) ?? programs('dockerd', env)[0],
      ...apt(enginePackages),
    },
    {
      name: 'Docker Engine running',
      why: 'no Engine answers on this machine',
      purposes: ['up', 'demo', 'test'],
      look: lookForEngine,
      what: isSystemdRunning()
        ? 'systemctl start docker'
        : 'starting dockerd directly, because no systemd runs here',
      make: async (signal, report) => {
        if (!isSystemdRunning()) {
          const started = await engine.start(signal);
          report(`${started.name} ${started.version} at ${started.address}`);
          return;
        }
        const { exitCode, output } = await runChild('systemctl', ['start', 'docker'], { signal });
        if (exitCode !== 0) throw new CommandError(`systemctl start docker failed: ${output.trim()}`);
        const deadline = clock.monotonic() + engineStartDeadlineMs;
        while ((await engine.find(signal)) === undefined) {
          if (clock.monotonic() > deadline) {
            throw new CommandError(
              `The Docker Engine does not answer ${engineStartDeadlineMs / 1000} s after systemctl start docker: see journalctl -u docker`,
            );
          }
          await clock.sleep(200, signal);
        }
      },
      needsRoot: true,
      needsApt: false,
      commands: startCommands(),
    },
    {
      name: 'nftables',
      why: 'routes and security groups of VPCs are held by the kernel through it',
      purposes: ['up', 'demo', 'test'],
      isOptional: true,
      look: async () => {
        const [nft, ip] = [programs('nft', env)[0], programs('ip', env)[0]];
        return nft && ip && `${nft}, ${ip}`;
      },
      // `nft` brings the library that Catamaran calls; people and tests look with both.
      ...apt(['nftables', 'iproute2']),
    },
    {
      name: 'HAProxy',
      why: 'load balancers and Service Connect carry their traffic with it',
      purposes: ['up', 'demo', 'test'],
      isOptional: true,
      look: async () => programs('haproxy', env)[0],
      ...apt(['haproxy']),
      make: async (signal, report) => {
        await installPackages(['haproxy'], { clock, signal, onLine: report });
        // The package starts a proxy of its own, which nobody asked for: Catamaran runs the program itself.
        if (isSystemdRunning()) await runChild('systemctl', ['disable', '--now', 'haproxy'], { signal });
      },
    },
    {
      name: 'gVisor',
      why: 'Fargate tasks get a kernel of their own with it',
      purposes: ['up', 'demo', 'test'],
      isOptional: true,
      look: async (signal) => {
        const gvisor = await engine.gvisor(signal);
        if (gvisor?.state === 'foreign') return `left alone: ${gvisor.why}`;
        if (gvisor?.state === 'possible' && wasMissedLately(clock)) return 'could not be had lately';
        return gvisor?.state === 'offered' ? 'known to the Engine' : undefined;
      },
      ...apt(['runsc']),
      what: 'installing runsc and telling the Engine of it',
      make: async (signal, report) => {
        try {
          if (programs('runsc', env).length === 0)
            await installPackages(['runsc'], { clock, signal, onLine: report });
          await engine.offerGvisor(signal);
        } catch (error) {
          noteMissed();
          throw error;
        }
      },
    },
    {
      name: 'busybox',
      why: "the demo's and the tests' images are made from it on the spot",
      purposes: ['demo', 'test'],
      look: async () => findStaticBusybox(env),
      ...apt(['busybox-static']),
    },
    {
      name: 'AWS CLI',
      why: 'the end-to-end tests talk to Catamaran with it',
      purposes: ['test'],
      look: async (signal) => {
        const cli = await findAwsCli(env, signal);
        return cli && `${cli.version} at ${cli.path}`;
      },
      ...apt(['awscli']),
    },
  ];
  return all.filter(({ purposes }) => purposes.includes(purpose));
}

function startCommands(): readonly string[] {
  const socket = '/var/run/docker.sock';
  try {
    if (existsSync(socket)) accessSync(socket, constants.W_OK);
  } catch {
    // It may well run: this user is not allowed to ask it.
    return ['usermod -aG docker "$(id -un)"', '# and log in again'];
  }
  return isSystemdRunning() ? ['systemctl start docker'] : ['dockerd >/var/log/dockerd.log 2>&1 &'];
}

function isSystemdRunning(): boolean {
  return existsSync('/run/systemd/system');
}
