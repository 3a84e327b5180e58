import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import { dialsOf } from './dial.ts';

const never = new AbortController().signal;

/** Ways out of a control plane whose VPC is 10.7.0.0/16: each call into it is remembered, and nobody answers there. */
function openDials() {
  const called: string[] = [];
  const dials = dialsOf({
    connectIn: async ({ host, port }) => {
      called.push(`${host}:${port}`);
      throw new Error('in the VPC');
    },
    isInVpc: (ipv4) => ipv4.startsWith('10.7.'),
    ...{ clock: new VirtualClock(0), signal: never },
  });
  return { dials, called };
}

async function listening() {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { port, [Symbol.dispose]: () => server.close() };
}

describe('a control plane calls', () => {
  it.each(['127.0.0.1', '10.9.0.1', '203.0.113.7', '10.7.0.9'])(
    'the endpoint %s of a service in the VPC and nowhere else',
    async (host) => {
      using machine = await listening();
      const { dials, called } = openDials();
      await expect(dials.service({ host, port: machine.port })).rejects.toThrow('in the VPC');
      expect(called).toEqual([`${host}:${machine.port}`]);
    },
  );

  it('the host of a URL from the machine, unless it is in the VPC', async () => {
    using machine = await listening();
    const { dials, called } = openDials();
    for (const host of ['127.0.0.1', 'localhost']) (await dials.url({ host, port: machine.port })).destroy();
    expect(called).toEqual([]);
    await expect(dials.url({ host: '10.7.0.9', port: 443 })).rejects.toThrow('in the VPC');
    expect(called).toEqual(['10.7.0.9:443']);
  });

  it('the name of an ExternalName as the host of a URL', async () => {
    using machine = await listening();
    const { dials, called } = openDials();
    (await dials.service({ host: 'localhost', port: machine.port })).destroy();
    expect(called).toEqual([]);
  });

  it.each([
    ...['169.254.169.254', '169.254.170.2', '169.254.170.23', '0.0.0.0', '224.0.0.1', '255.255.255.255'],
    ...['::', 'fe80::1', 'ff02::1', 'fd00:ec2::254', '::ffff:169.254.169.254', 'not.an.address.invalid'],
  ])('nobody at %s, whatever names it', async (host) => {
    const { dials, called } = openDials();
    for (const dial of [dials.service, dials.url])
      await expect(dial({ host, port: 80 })).rejects.toThrow(/may not be called|ENOTFOUND|EAI_AGAIN/);
    expect(called).toEqual([]);
  });

  it('no IPv6 endpoint, for VPCs have none', async () => {
    const { dials, called } = openDials();
    await expect(dials.service({ host: '2001:db8::1', port: 80 })).rejects.toMatchObject({
      code: 'EHOSTUNREACH',
    });
    expect(called).toEqual([]);
  });

  it('and tells of the system’s refusal', async () => {
    using machine = await listening();
    const { port } = machine;
    machine[Symbol.dispose]();
    await expect(openDials().dials.url({ host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });

  it('and waits for nobody longer than 30 s', async () => {
    const waits: AbortSignal[] = [];
    const clock = new VirtualClock(0);
    const dials = dialsOf({
      connectIn: (_, signal) => {
        waits.push(signal);
        return once(signal, 'abort').then(() => Promise.reject(signal.reason));
      },
      isInVpc: () => true,
      ...{ clock, signal: never },
    });
    const asking = dials.service({ host: '10.7.0.9', port: 80 });
    const outcome = expect(asking).rejects.toThrow('dial tcp 10.7.0.9:80: i/o timeout');
    await clock.advance(30_000);
    await outcome;
    const gone = new AbortController();
    const other = dials.service({ host: '10.7.0.9', port: 80 }, gone.signal);
    gone.abort(new Error('The client has gone'));
    await expect(other).rejects.toThrow('The client has gone');
    expect(waits.every(({ aborted }) => aborted)).toBe(true);
  });
});
