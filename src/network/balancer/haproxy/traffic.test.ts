import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addCounts, type ClientCounts, noClientCounts, noGroupCounts } from '../../../balancing/index.ts';
import { type Counters, readStatistics, type ServerStatistics } from './statistics.ts';
import { type Traffic, TrafficMeter } from './traffic.ts';

const none: Counters = {
  ...{ connections: 0, sessions: 0, bytes: 0, connects: 0, connectionErrors: 0, open: 0 },
  responses: { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 },
};

const row = (backend: string, name: string, counters: Partial<Counters>, current = 0): ServerStatistics => ({
  ...{ backend, name, current, status: 'UP', place: '', checkStatus: '', checkCode: 0 },
  counters: { ...none, ...counters },
});
const frontend = (counters: Partial<Counters>, current = 0) => row('l-1', 'FRONTEND', counters, current);
const server = (counters: Partial<Counters>) => row('t-1', 's1', counters);
const notFound = (count: number): Counters['responses'] => ({ ...none.responses, '4xx': count });

describe('what a node carried', () => {
  it('is summed up by target group, without what checks are', () => {
    const meter = new TrafficMeter();
    meter.beginAnew();
    const { clients, targetGroups, open } = meter.read([
      frontend({ connections: 3, bytes: 100 }, 2),
      row('l-2', 'FRONTEND', { connections: 1, bytes: 10 }, 1),
      row('t-1', 's1', { sessions: 4, connects: 3, connectionErrors: 1, open: 2 }),
      row('t-1', 'o1', { sessions: 1 }),
      row('t-2', 's1', { sessions: 7, responses: notFound(5) }),
      row('p-1', 'p1', { sessions: 9, connects: 9, open: 9 }),
    ]);
    expect(clients).toEqual({ ...noClientCounts, newConnections: 4, bytes: 110 });
    expect(targetGroups).toEqual(
      new Map([
        ['1', { ...noGroupCounts, requests: 5, newConnections: 2, connectionErrors: 1 }],
        ['2', { ...noGroupCounts, requests: 7, target4xx: 5 }],
      ]),
    );
    expect(open).toEqual({ fromClients: 3, toTargets: 2 });
  });

  it('is told once, and of an adopted process only what comes from then on', () => {
    const meter = new TrafficMeter();
    const bytes = (count: number): number => meter.read([frontend({ bytes: count })]).clients.bytes;
    expect([bytes(100), bytes(100), bytes(130)]).toEqual([0, 0, 30]);
    meter.beginAnew();
    expect([bytes(20), bytes(25)]).toEqual([20, 5]);
  });

  it('takes no answer of a target that is still on its way for the load balancer’s own', () => {
    const meter = new TrafficMeter();
    meter.beginAnew();
    const own = (ended: number, ofServer: number): number =>
      meter.read([frontend({ responses: notFound(ended) }), server({ responses: notFound(ofServer) })])
        .clients.own4xx;
    // Two of its own; then a target's begins and ends; then one more of its own.
    expect([own(2, 0), own(2, 1), own(3, 1), own(4, 1)]).toEqual([2, 0, 0, 1]);
  });

  it('takes no attempt that fails for a connection twice', () => {
    const meter = new TrafficMeter();
    meter.beginAnew();
    const made = (connects: number, connectionErrors: number): number | undefined =>
      meter.read([server({ connects, connectionErrors })]).targetGroups.get('1')?.newConnections;
    expect([made(1, 0), made(1, 1), made(2, 1), made(3, 1)]).toEqual([1, 0, 0, 1]);
  });

  it('adds up to all that happened, never negative, however often it is asked and begun anew', () => {
    const event = fc.constantFrom('own', 'begin', 'end', 'look', 'next');
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const meter = new TrafficMeter();
        meter.beginAnew();
        const told: Traffic[] = [];
        const truth = { own: 0, requests: 0 };
        let process = { own: 0, begun: 0, ended: 0 };
        const look = (): void => {
          const { own, begun, ended } = process;
          const rows = [
            frontend({ responses: notFound(own + ended) }),
            server({ sessions: begun, responses: notFound(begun) }),
          ];
          told.push(meter.read(rows));
        };
        for (const each of events) {
          if (each === 'own') {
            process.own += 1;
            truth.own += 1;
          }
          if (each === 'begin') {
            process.begun += 1;
            truth.requests += 1;
          }
          if (each === 'end' && process.ended < process.begun) process.ended += 1;
          if (each === 'look') look();
          if (each === 'next') {
            process.ended = process.begun;
            look();
            meter.beginAnew();
            process = { own: 0, begun: 0, ended: 0 };
          }
        }
        process.ended = process.begun;
        look();
        const sum = told.map(({ clients }) => clients).reduce<ClientCounts>(addCounts, noClientCounts);
        const groups = told.flatMap(({ targetGroups }) => [...targetGroups.values()]);
        expect(sum.own4xx).toBe(truth.own);
        expect(groups.reduce(addCounts, noGroupCounts).requests).toBe(truth.requests);
        for (const counts of [...told.map(({ clients }) => clients), ...groups]) {
          expect(Math.min(...Object.values(counts))).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

it('is read by the names of columns; what a row does not have is 0', () => {
  const columns = '# pxname,svname,scur,stot,bin,bout,conn_tot,hrsp_4xx,used_conn_cur,idle_conn_cur,econ,';
  const [first, second] = readStatistics(
    `${columns}\nl-1,FRONTEND,2,9,10,20,7,3,,,,\nt-1,s1,1,5,1,2,,4,1,2,6,\n`,
  );
  expect(first).toMatchObject({
    current: 2,
    counters: { ...none, connections: 7, sessions: 9, bytes: 30, responses: notFound(3) },
  });
  expect(second?.counters).toEqual({
    ...{ ...none, sessions: 5, bytes: 3, connectionErrors: 6, open: 3, responses: notFound(4) },
  });
});
