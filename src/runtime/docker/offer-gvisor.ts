import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../../clock/index.ts';
import { RuntimeError } from '../runtime-error.ts';
import { EngineApi } from './engine-api.ts';
import { daemonArguments } from './engine-process.ts';
import type { FoundEngine } from './engine-socket.ts';
import { findDaemon, readFacts } from './probe.ts';

const configFile = '/etc/docker/daemon.json';
const reloadMs = 10_000;
const pollMs = 50;

/** What set-up can do about gVisor on the Engine that runs. */
export type GvisorOffer =
  /** It has it. */
  | { readonly state: 'offered' }
  /** It can be told of it. */
  | { readonly state: 'possible' }
  /** Somebody else runs it: it is theirs to change. */
  | { readonly state: 'foreign'; readonly why: string };

export async function gvisorOffer(found: FoundEngine, clock: Clock): Promise<GvisorOffer> {
  using api = new EngineApi(found.address, found.apiVersion, clock);
  const { runtimes, isLocal } = await readFacts(api, found);
  if (runtimes.includes('runsc')) return { state: 'offered' };
  const daemon = isLocal ? findDaemon(found) : undefined;
  if (daemon === undefined || !isOurs(daemon.pid))
    return { state: 'foreign', why: 'the Engine was not started by Catamaran' };
  const configured = textOf(configFile);
  // Written by an earlier set-up that did not get further, or by somebody else.
  const isFree =
    configured === undefined || /^\{\s*"runtimes": \{\s*"runsc": [^{}]*\}\s*\}\s*\}\s*$/.test(configured);
  return isFree ? { state: 'possible' } : { state: 'foreign', why: `${configFile} is somebody's own` };
}

/**
 * Tells the Engine that Catamaran started of gVisor: writes its configuration, where there is none, and has it read
 * again. What runs is not disturbed.
 * @throws {RuntimeError} `Unsupported`: the Engine is somebody else's, or does not take it.
 */
export async function offerGvisor(found: FoundEngine, clock: Clock, signal?: AbortSignal): Promise<void> {
  const offer = await gvisorOffer(found, clock);
  if (offer.state === 'offered') return;
  if (offer.state === 'foreign') throw refused(offer.why);
  await mkdir(dirname(configFile), { recursive: true });
  writeFileSync(configFile, await wanted());
  const daemon = findDaemon(found);
  if (daemon === undefined) throw refused('the Engine has ended');
  process.kill(daemon.pid, 'SIGHUP');
  const deadline = clock.monotonic() + reloadMs;
  while ((await gvisorOffer(found, clock)).state !== 'offered') {
    if (clock.monotonic() > deadline) throw refused('the Engine did not take it: see its log');
    await clock.sleep(pollMs, signal);
  }
}

/**
 * gVisor's network stack takes every namespace of some kernels for the machine's own and refuses; with `host` it uses
 * the kernel's stack inside the task's namespace. Its KVM platform can hang for ever on virtual machines.
 */
async function wanted(): Promise<string> {
  const program = ['/usr/local/bin/runsc', '/usr/bin/runsc'].find((path) => existsSync(path));
  if (program === undefined) throw refused('runsc is not installed');
  const { stdout, stderr } = await promisify(execFile)(program, ['flags'], { timeout: 10_000 }).catch(
    (error: unknown) => {
      throw refused(`runsc does not run: ${error instanceof Error ? error.message : error}`);
    },
  );
  const platform = /systrap/.test(stdout + stderr) ? 'systrap' : 'ptrace';
  const runtimes = {
    runsc: { path: program, runtimeArgs: [`--platform=${platform}`, '--network=host'] },
  };
  return `${JSON.stringify({ runtimes }, undefined, 2)}\n`;
}

function isOurs(pid: number): boolean {
  const [, ...args] = (textOf(`/proc/${pid}/cmdline`) ?? '').split('\0').slice(0, -1);
  return args.join(' ') === daemonArguments.join(' ');
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function refused(why: string): RuntimeError {
  return new RuntimeError('Unsupported', `The Docker Engine cannot be told of gVisor: ${why}`, why);
}
