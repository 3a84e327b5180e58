import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import { fakeComposition } from '../testing/fake-composition.ts';
import { recordedTerminal } from '../testing/recorded-terminal.ts';
import { readsEndpointVariable } from './aws-cli.ts';
import {
  findAwsCli,
  findAwsCliAgain,
  findStaticBusybox,
  forgetAwsCli,
  runSetup,
  type SetupStep,
  stepsFor,
} from './index.ts';

const signal = new AbortController().signal;
const root = { isRoot: true, hasApt: true };

/** A step that is needed until it is made. */
function missing(name: string, bent: Partial<SetupStep> = {}): SetupStep & { readonly made: () => number } {
  let made = 0;
  return {
    name,
    why: `nothing goes without ${name}`,
    what: `installing ${name}`,
    look: async () => (made > 0 ? `${name} 1.0` : undefined),
    make: async () => {
      made += 1;
    },
    needsRoot: true,
    needsApt: true,
    commands: [`apt-get install -y ${name}`],
    made: () => made,
    ...bent,
  };
}

describe('set-up', () => {
  it('does what is needed in order, says what and why, and the second time nothing', async () => {
    const steps = [missing('engine'), missing('tools')];
    const terminal = recordedTerminal();
    await runSetup(steps, new VirtualClock(0), terminal.stdout, signal, root);
    expect(terminal.out().split('\n')).toEqual([
      'ok      engine: installing engine (nothing goes without engine)  engine 1.0  0 ms',
      'ok      tools: installing tools (nothing goes without tools)  tools 1.0  0 ms',
      '',
    ]);
    await runSetup(steps, new VirtualClock(0), terminal.stdout, signal, root);
    expect(steps.map((step) => step.made())).toEqual([1, 1]);
    expect(terminal.out().split('\n')).toHaveLength(3);
  });

  it('where it may not, changes nothing and gives the exact commands', async () => {
    const steps = [missing('first', { needsRoot: false, needsApt: false }), missing('engine')];
    const attempt = runSetup(steps, new VirtualClock(0), recordedTerminal().stdout, signal, {
      isRoot: false,
      hasApt: true,
    });
    await expect(attempt).rejects.toThrow(
      /only root may do it[\s\S]*# engine: nothing goes[\s\S]*sudo apt-get install -y engine/,
    );
    expect(steps[0]?.made()).toBe(0);
    const elsewhere = runSetup(steps, new VirtualClock(0), recordedTerminal().stdout, signal, {
      isRoot: true,
      hasApt: false,
    });
    await expect(elsewhere).rejects.toThrow(
      /on Debian and its relatives only[\s\S]*\napt-get install -y engine/,
    );
  });

  it('goes on without what is optional, and says so', async () => {
    const optional = missing('gVisor', {
      isOptional: true,
      make: async () => {
        throw new Error('no such package');
      },
    });
    const tools = missing('tools');
    const terminal = recordedTerminal();
    await runSetup([optional, tools], new VirtualClock(0), terminal.stdout, signal, root);
    expect(tools.made()).toBe(1);
    expect(terminal.out()).toContain('going on without gVisor: no such package');
    // Where it may not be installed, nobody is told to.
    await runSetup([optional], new VirtualClock(0), recordedTerminal().stdout, signal, {
      isRoot: false,
      hasApt: true,
    });
  });

  it('says so when a step did not help', async () => {
    const step = missing('engine', { look: async () => undefined });
    const attempt = runSetup([step], new VirtualClock(0), recordedTerminal().stdout, signal, root);
    await expect(attempt).rejects.toThrow('engine is still missing after installing engine');
  });

  it('asks for more from up to demo to test', () => {
    const names = (purpose: 'up' | 'demo' | 'test') =>
      stepsFor(purpose, fakeComposition()).map(({ name }) => name);
    expect(names('up')).toEqual(['Docker Engine', 'Docker Engine running', 'nftables', 'HAProxy', 'gVisor']);
    expect(names('demo')).toEqual([...names('up'), 'busybox']);
    expect(names('test')).toEqual([...names('demo'), 'AWS CLI']);
  });
});

describe('programs on this machine', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'catamaran-programs-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function program(name: string, content: string | Buffer): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    chmodSync(path, 0o755);
    return path;
  }

  it('an AWS CLI is found by running it', async () => {
    const path = program('aws', '#!/bin/sh\necho aws-cli/2.9.19 Python/3.11\n');
    expect(await findAwsCli({ PATH: `${folder}:/usr/bin:/bin` }, signal)).toEqual({
      path,
      version: '2.9.19',
      readsEndpointVariable: false,
    });
  });

  it('an AWS CLI that does not run is passed over', async () => {
    const path = program('aws', '#!/nowhere/python\n');
    const found = await findAwsCli({ PATH: folder }, signal);
    expect(found?.path).not.toBe(path);
  });

  it('an AWS CLI is asked for its version again only when the files on PATH are others', async () => {
    const asked = join(folder, 'asked');
    const saying = (version: string) =>
      `#!/bin/sh\necho once >>'${asked}'\necho aws-cli/${version} Python/3.11\n`;
    const path = program('aws', saying('2.9.19'));
    const look = () => findAwsCliAgain(folder, { PATH: `${folder}:/usr/bin:/bin` }, signal);
    const times = () => readFileSync(asked, 'utf8').split('\n').length - 1;
    expect(await look()).toEqual({ path, version: '2.9.19', readsEndpointVariable: false, isNew: true });
    expect(await look()).toEqual({ path, version: '2.9.19', readsEndpointVariable: false, isNew: false });
    expect(times()).toBe(1);
    forgetAwsCli(folder);
    await look();
    expect(times()).toBe(2);
    program('aws', saying('2.13.10'));
    expect(await look()).toEqual({ path, version: '2.13.10', readsEndpointVariable: true, isNew: true });
    rmSync(path);
    expect((await look())?.path).not.toBe(path);
    program('aws', saying('2.13.10'));
    writeFileSync(join(folder, 'aws-cli.json'), '{"path":');
    expect(await look()).toMatchObject({ version: '2.13.10', isNew: true });
  });

  it.each([
    ['2.9.19', false],
    ['2.12.9', false],
    ['2.13.0', true],
    ['2.27.1', true],
    ['3.0.0', true],
    ['1.28.9', false],
    ['1.29.0', true],
    ['1.45.11', true],
  ])('AWS CLI %s reads AWS_ENDPOINT_URL: %s', (version, reads) => {
    expect(readsEndpointVariable(version)).toBe(reads);
  });

  it('a busybox that needs libraries is passed over', () => {
    const header = Buffer.alloc(128);
    header.write('\x7fELF\x02\x01', 'latin1');
    header.writeBigUInt64LE(64n, 32);
    header.writeUInt16LE(56, 54);
    header.writeUInt16LE(1, 56);
    const withSegment = (type: number): Buffer => {
      const content = Buffer.from(header);
      content.writeUInt32LE(type, 64);
      return content;
    };
    for (const content of ['#!/bin/sh\n', withSegment(3)]) {
      const path = program('busybox', content);
      expect(findStaticBusybox({ PATH: folder })).not.toBe(path);
    }
    const path = program('busybox', withSegment(1));
    expect(findStaticBusybox({ PATH: folder })).toBe(path);
  });
});
