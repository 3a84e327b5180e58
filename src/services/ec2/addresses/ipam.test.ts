import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../clock/index.ts';
import { type OpenState, openState, type Transaction } from '../../../reconcile/index.ts';
import { openMemoryStore } from '../../../store/index.ts';
import { cidrBlock, holds, ipv4Number, ipv4Text } from '../../../topology/index.ts';
import { defaultVpcs, ec2Key, ec2Prefix, subnetAddresses, subnetCursors } from '../records.ts';
import {
  availableAddressCount,
  forgetSubnetAddresses,
  releaseAddresses,
  releasePrefix,
  takeGivenAddress,
  takeGivenPrefix,
  takeNextAddress,
  takeNextPrefix,
} from './ipam.ts';

const scope = { accountId: '123456789012', region: 'eu-west-1' };
/** Sixteen addresses, of which .4 to .14 are to be had. */
const tiny = { id: 'subnet-0a', cidr: '10.0.0.0/28' };
const small = { id: 'subnet-0b', cidr: '10.0.1.0/26' };

async function openRoom(): Promise<OpenState> {
  const clock = new VirtualClock(0);
  return openState(openMemoryStore({ clock }), { clock });
}

type Subnet = typeof tiny;
const takeNext = (state: OpenState, subnet: Subnet, owner: string) =>
  state.transact((tx) => takeNextAddress(tx, scope, subnet, owner));
const release = (state: OpenState, subnet: Subnet, address: string, owner: string) =>
  state.transact((tx) => releaseAddresses(tx, scope, subnet.id, [address], owner));
const takenIn = (state: OpenState, { id }: Subnet): readonly string[] =>
  [...state.list(subnetAddresses, `${ec2Prefix(subnetAddresses, scope)}${id}/`)].map(
    ({ key }) => key.split('/')[6] ?? '',
  );

describe('addresses of a subnet', () => {
  it('leaves the first four and the last alone, and says when none is left', async () => {
    await using state = await openRoom();
    const given: (string | undefined)[] = [];
    for (let index = 0; index < 12; index++) given.push(await takeNext(state, tiny, `eni-${index}`));
    expect(given).toEqual([...Array.from({ length: 11 }, (_, index) => `10.0.0.${index + 4}`), undefined]);
    expect(availableAddressCount(state, tiny)).toBe(0);
  });

  it('gives a released address again when all others were given', async () => {
    await using state = await openRoom();
    await takeNext(state, tiny, 'eni-a');
    await release(state, tiny, '10.0.0.4', 'eni-a');
    const given: (string | undefined)[] = [];
    for (let index = 0; index < 11; index++) given.push(await takeNext(state, tiny, `eni-${index}`));
    expect(given.at(-1)).toBe('10.0.0.4');
  });

  it('is released by whoever has it only', async () => {
    await using state = await openRoom();
    await takeNext(state, tiny, 'eni-a');
    await release(state, tiny, '10.0.0.4', 'eni-b');
    expect(takenIn(state, tiny)).toEqual(['10.0.0.4']);
    await release(state, tiny, '10.0.0.4', 'eni-a');
    await release(state, tiny, '10.0.0.4', 'eni-a');
    expect(takenIn(state, tiny)).toEqual([]);
  });

  it.each([
    ['10.0.0.0', 'InvalidParameterValue', "Address 10.0.0.0 is in subnet's reserved address range"],
    ['10.0.0.3', 'InvalidParameterValue', "Address 10.0.0.3 is in subnet's reserved address range"],
    ['10.0.0.15', 'InvalidParameterValue', "Address 10.0.0.15 is in subnet's reserved address range"],
    [
      '10.0.0.16',
      'InvalidParameterValue',
      "Address 10.0.0.16 does not fall within the subnet's address range",
    ],
    ['10.0.0.9', 'InvalidIPAddress.InUse', 'Address 10.0.0.9 is in use.'],
    [
      '10.0.0',
      'InvalidParameterValue',
      'Value (10.0.0) for parameter privateIpAddress is invalid. Invalid IPv4 address.',
    ],
  ])('refuses to give %s', async (address, code, message) => {
    await using state = await openRoom();
    const take = (text: string) => state.transact((tx) => takeGivenAddress(tx, scope, tiny, text, 'eni-a'));
    await take('10.0.0.9');
    await expect(take(address)).rejects.toMatchObject({ code, message });
  });

  it('delegates blocks of sixteen that hold nothing else', async () => {
    await using state = await openRoom();
    const take = () => state.transact((tx) => takeNextPrefix(tx, scope, small, 'eni-a'));
    expect([await take(), await take(), await take()]).toEqual(['10.0.1.16/28', '10.0.1.32/28', undefined]);
    expect(availableAddressCount(state, small)).toBe(64 - 5 - 32);
    await state.transact((tx) => releasePrefix(tx, scope, small.id, '10.0.1.32/28', 'eni-a'));
    expect(availableAddressCount(state, small)).toBe(64 - 5 - 16);
    await expect(
      state.transact((tx) => takeGivenAddress(tx, scope, small, '10.0.1.20', 'eni-b')),
    ).rejects.toMatchObject({ code: 'InvalidIPAddress.InUse' });
  });

  it.each([
    ['10.0.1.17/28', /Expecting a \/28 block/],
    ['10.0.1.16/27', /Expecting a \/28 block/],
    ['10.0.2.0/28', /does not fall within/],
    ['10.0.1.0/28', /reserved address range/],
    ['10.0.1.48/28', /reserved address range/],
    ['10.0.1.32/28', /Address 10.0.1.40 is in use/],
  ])('refuses to delegate %s', async (prefix, message) => {
    await using state = await openRoom();
    await state.transact((tx) => takeGivenAddress(tx, scope, small, '10.0.1.40', 'eni-b'));
    await expect(state.transact((tx) => takeGivenPrefix(tx, scope, small, prefix, 'eni-a'))).rejects.toThrow(
      message,
    );
  });

  it('finds the one free address of the largest subnet in a few hundred steps', async () => {
    await using state = await openRoom();
    const large = { id: 'subnet-0c', cidr: '10.8.0.0/16' };
    const { first, last } = cidrBlock(large.cidr);
    const free = ipv4Number('10.8.77.7');
    await state.transact((tx) => {
      for (let address = first + 4; address < last; address++)
        if (address !== free)
          tx.put(subnetAddresses, ec2Key(subnetAddresses, scope, large.id, ipv4Text(address)), {
            interfaceId: 'eni-a',
          });
      tx.put(subnetCursors, ec2Key(subnetCursors, scope, large.id), { nextAddress: '10.8.77.8', taken: 1 });
    });
    let reads = 0;
    const counted = (tx: Transaction): Transaction =>
      new Proxy(tx, {
        get: (target, name) => {
          if (name === 'get' || name === 'countByIndex') reads++;
          const member: unknown = Reflect.get(target, name);
          return typeof member === 'function' ? member.bind(target) : member;
        },
      });
    expect(await state.transact((tx) => takeNextAddress(counted(tx), scope, large, 'eni-b'))).toBe(
      '10.8.77.7',
    );
    expect(reads).toBeLessThan(400);
    expect(await state.transact((tx) => takeNextAddress(counted(tx), scope, large, 'eni-c'))).toBeUndefined();
  });

  it('is not missed by a deletion of the subnet at the same time', async () => {
    await using state = await openRoom();
    for (const take of [
      takeNextAddress,
      (tx: Transaction) => takeGivenAddress(tx, scope, tiny, '10.0.0.9', 'eni-b'),
    ]) {
      const seen: number[] = [];
      let meanwhile: Promise<unknown> | undefined;
      await state.transact((tx) => {
        forgetSubnetAddresses(tx, scope, tiny.id);
        tx.put(defaultVpcs, ec2Key(defaultVpcs, scope, 'made'), { madeAt: seen.length });
        seen.push(availableAddressCount(tx, tiny));
        meanwhile ??= state.transact((other) => take(other, scope, tiny, 'eni-a'));
      });
      await meanwhile;
      expect(seen).toEqual([seen[0], (seen[0] ?? 0) - 1]);
    }
  });
});

/** What somebody does; numbers choose among what is there. */
type Act =
  | { readonly type: 'next' | 'prefix' }
  | { readonly type: 'given'; readonly offset: number }
  | { readonly type: 'given-prefix'; readonly index: number }
  | { readonly type: 'release'; readonly choice: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  { arbitrary: fc.constant({ type: 'next' } as const), weight: 6 },
  { arbitrary: fc.constant({ type: 'prefix' } as const), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant('given' as const), offset: fc.nat(70) }), weight: 3 },
  { arbitrary: fc.record({ type: fc.constant('given-prefix' as const), index: fc.nat(4) }), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant('release' as const), choice: fc.nat(99) }), weight: 4 },
);

/** What an interface of the test has: one address or one block. */
interface Holding {
  readonly owner: string;
  readonly addresses: readonly string[];
  readonly prefix?: string;
}

describe('whatever comes and goes, also at once', () => {
  const base = cidrBlock(small.cidr).first;

  /** Does it as one transaction; undefined: nothing was to be had, or it was refused. */
  async function run(state: OpenState, owner: string, doing: Act): Promise<Holding | undefined> {
    try {
      return await state.transact((tx): Holding | undefined => {
        switch (doing.type) {
          case 'next': {
            const address = takeNextAddress(tx, scope, small, owner);
            return address === undefined ? undefined : { owner, addresses: [address] };
          }
          case 'given': {
            const address = ipv4Text(base + doing.offset);
            takeGivenAddress(tx, scope, small, address, owner);
            return { owner, addresses: [address] };
          }
          case 'prefix': {
            const prefix = takeNextPrefix(tx, scope, small, owner);
            return prefix === undefined ? undefined : { owner, prefix, addresses: ofPrefix(prefix) };
          }
          case 'given-prefix': {
            const prefix = `${ipv4Text(base + doing.index * 16)}/28`;
            takeGivenPrefix(tx, scope, small, prefix, owner);
            return { owner, prefix, addresses: ofPrefix(prefix) };
          }
          case 'release':
            return undefined;
        }
      });
    } catch (error) {
      expect(error).toMatchObject({ name: 'Refusal' });
      return undefined;
    }
  }

  const ofPrefix = (prefix: string): readonly string[] => {
    const { first } = cidrBlock(prefix);
    return Array.from({ length: 16 }, (_, index) => ipv4Text(first + index));
  };

  it('never gives one address twice nor a reserved one, and counts right', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(act, { minLength: 1, maxLength: 6 }), { maxLength: 25 }),
        async (rounds) => {
          await using state = await openRoom();
          let holdings: readonly Holding[] = [];
          let serial = 0;
          for (const round of rounds) {
            const gone = new Set<Holding>();
            const given = await Promise.all(
              round.map(async (doing) => {
                if (doing.type !== 'release') return run(state, `eni-${serial++}`, doing);
                const holding = holdings[doing.choice % Math.max(1, holdings.length)];
                if (holding === undefined) return undefined;
                gone.add(holding);
                await state.transact((tx) => {
                  if (holding.prefix) releasePrefix(tx, scope, small.id, holding.prefix, holding.owner);
                  else releaseAddresses(tx, scope, small.id, holding.addresses, holding.owner);
                });
                return undefined;
              }),
            );
            holdings = [
              ...holdings.filter((holding) => !gone.has(holding)),
              ...given.filter((holding) => holding !== undefined),
            ];
            const held = holdings.flatMap(({ addresses }) => addresses);
            expect(new Set(held).size).toBe(held.length);
            expect([...held].sort()).toEqual([...takenIn(state, small)].sort());
            expect(availableAddressCount(state, small)).toBe(64 - 5 - held.length);
            for (const address of held.map(ipv4Number)) {
              expect(holds({ first: base + 4, last: base + 62, prefixLength: 0 }, address)).toBe(true);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('says that there is none only when there is none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
        await using state = await openRoom();
        for (const [index, doing] of acts.entries()) await run(state, `eni-${index}`, doing);
        const rest = availableAddressCount(state, small);
        for (let index = 0; index < rest; index++)
          expect(await takeNext(state, small, `eni-late-${index}`)).toBeDefined();
        expect(await takeNext(state, small, 'eni-last')).toBeUndefined();
      }),
      { numRuns: 20 },
    );
  });
});
