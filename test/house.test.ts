import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/**
 * The arrows of the house (docs/architecture.md). Each room names the rooms that it may use; every other arrow
 * between rooms is a failure, and `instead` says by which door the thing wanted is reached. Tests may look into
 * any room.
 */
interface Room {
  readonly room: string;
  readonly mayUse: readonly string[];
  readonly instead: string;
}

const rooms: readonly Room[] = [
  {
    room: 'clock',
    mayUse: [],
    instead: 'Time and chance know nothing of the house.',
  },
  {
    room: 'store',
    mayUse: ['clock'],
    instead:
      'The store keeps values without knowing what they mean: the meaning belongs into reconcile/ or a service.',
  },
  {
    room: 'reconcile',
    mayUse: ['clock', 'store'],
    instead:
      'Reconcile knows records and keys only: a service declares its reconcilers, the composition starts them.',
  },
  {
    room: 'topology',
    mayUse: [],
    instead: 'What a VPC is like is plain data: whoever makes it or acts on it hands it in.',
  },
  {
    room: 'machines',
    mayUse: ['clock', 'protocols', 'reconcile'],
    instead:
      'Machines are records: how one joins and what it carries is the composition’s to bring together.',
  },
  {
    room: 'balancing',
    mayUse: ['topology'],
    instead: 'What a load balancer does is plain data: whoever makes it or acts on it hands it in.',
  },
  {
    room: 'sealing',
    mayUse: ['clock'],
    instead: 'Sealing knows texts and purposes only: what a secret means belongs to the room that keeps it.',
  },
  {
    room: 'certificates',
    mayUse: ['clock'],
    instead: 'Certificates know no records: whoever keeps an authority hands it in.',
  },
  {
    room: 'protocols',
    mayUse: ['clock'],
    instead: 'Protocols read and write by schema and know no service: hand in what is needed as an argument.',
  },
  {
    room: 'session-channel',
    mayUse: ['clock'],
    instead: 'A session’s channel knows frames only: sockets, terminals and processes are handed in.',
  },
  {
    room: 'services',
    mayUse: [
      'balancing',
      'certificates',
      'clock',
      'protocols',
      'reconcile',
      'sealing',
      'session-channel',
      'store',
      'topology',
    ],
    instead:
      'Services write desired state and read reported state: what runs is reached through the store and the agent ' +
      'protocol (protocols/), never by importing node/, runtime/ or network/; nor do they know gateway/ or cli/.',
  },
  {
    room: 'kubernetes',
    mayUse: ['certificates', 'clock', 'protocols', 'reconcile', 'sealing', 'services', 'store'],
    instead:
      'Kubernetes reaches nodes by the Kubernetes API, and AWS services by services/<service>/index.ts.',
  },
  {
    room: 'gateway',
    mayUse: ['clock', 'protocols', 'services', 'kubernetes'],
    instead:
      'The gateway knows services by services/service.ts: what an operation needs, the composition hands to it.',
  },
  {
    room: 'runtime',
    mayUse: ['clock'],
    instead:
      'The runtime does one idempotent step at a time and knows no policy: the node side decides and calls it.',
  },
  {
    room: 'network',
    mayUse: ['balancing', 'clock', 'topology'],
    instead:
      'The network does one idempotent step at a time and knows no policy: the node side decides and calls it.',
  },
  {
    room: 'node',
    mayUse: ['certificates', 'clock', 'protocols', 'runtime', 'network', 'session-channel', 'topology'],
    instead:
      'The node side speaks to the control plane by public protocols (ACS, the AWS APIs): use an SDK client or ' +
      'protocols/, not services/, store/ or gateway/.',
  },
  {
    room: 'installation',
    mayUse: ['clock'],
    instead:
      'An installation is a few files in a state directory: whoever uses them imports it, not the other way.',
  },
  {
    room: 'cli',
    mayUse: ['clock', 'installation', 'session-channel'],
    instead:
      'The command line is a customer of the public API: use the SDK over HTTP or cli/operator-api.ts; what has to ' +
      'happen in this process is handed in through cli/composition.ts.',
  },
];

/** Only these know every room: the composition root. */
const compositionRoot = /^src\/(main\.ts$|composition\/)/;
/** Files that every room may use. */
const shared = new Set([
  'src/eks-token.ts',
  'src/event-correlation.ts',
  'src/http.ts',
  'src/label-selector.ts',
  'src/log.ts',
  'src/quantity.ts',
]);
/**
 * Contracts between rooms: plain types that stand beside their room's door, so that whoever speaks them does not
 * load what is behind it; and what all services check, page and authorise alike.
 */
const contracts = new Set([
  'src/services/authorization-row.ts',
  'src/services/constraints.ts',
  'src/services/fargate-sizes.ts',
  'src/services/infrastructure.ts',
  'src/services/pages.ts',
  'src/services/service.ts',
  'src/services/tag-list.ts',
  'src/protocols/acs.ts',
  'src/protocols/tcs.ts',
  'src/runtime/process.ts',
  'src/runtime/runtime.ts',
]);

const root = fileURLToPath(new URL('..', import.meta.url));
const isTest = (path: string): boolean =>
  /\.(test|suite)\.ts$|\/testing\/|\/conformance/.test(path) || !path.startsWith('src/');
const roomOf = (path: string): string | undefined => /^src\/([^/]+)\//.exec(path)?.[1];
/** What has a door of its own: a room, or a service. */
const houseOf = (path: string): string | undefined => /^src\/(services\/[^/]+|[^/]+)\//.exec(path)?.[1];

interface Import {
  readonly from: string;
  /** A path from the checkout's root, or a package's name. */
  readonly to: string;
  readonly line: number;
  readonly isTypeOnly: boolean;
  /** By `import()`: loaded when it is needed. */
  readonly isLate: boolean;
}

const files = typescriptFiles();
const imports = files.flatMap(importsOf);
const productImports = imports.filter(({ from }) => !isTest(from));

describe('the house', () => {
  it('has only arrows that its table allows', () => {
    const known = new Map(rooms.map((room) => [room.room, room]));
    const wrong = productImports.flatMap((each) => {
      const [from, to] = [roomOf(each.from), roomOf(each.to)];
      if (from === undefined || to === undefined || from === to || shared.has(each.to)) return [];
      if (compositionRoot.test(each.from)) return [];
      const room = known.get(from);
      if (room === undefined) return [`${describeImport(each)}: the room ${from} is not in the table yet`];
      return room.mayUse.includes(to) ? [] : [`${describeImport(each)}: ${room.instead}`];
    });
    expectNone(wrong);
  });

  it('is entered by its doors', () => {
    const wrong = productImports.flatMap((each) => {
      const to = houseOf(each.to);
      if (to === undefined || to === houseOf(each.from) || contracts.has(each.to)) return [];
      if (each.to === `src/${to}/index.ts`) return [];
      return [
        `${describeImport(each)}: import it from src/${to}/index.ts, or ask whether it should be offered there`,
      ];
    });
    expectNone(wrong);
  });

  it('has a composition root that nobody imports', () => {
    const wrong = imports
      .filter(({ from, to }) => compositionRoot.test(to) && !compositionRoot.test(from) && !isTest(from))
      .map((each) => `${describeImport(each)}: no part knows the whole; what is needed is handed in`);
    expectNone(wrong);
  });

  it('has no circles', () => {
    const circles = findCircles(imports);
    const told = circles.map((circle) => `${circle.join(' -> ')}: what both need belongs into a third file`);
    expectNone(told);
  });

  it('has a product that needs neither tests nor packages for development', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const wrong = productImports.flatMap((each) => {
      if (each.to.startsWith('src/') ? isTest(each.to) : /^(test|bench)\//.test(each.to)) {
        return [`${describeImport(each)}: what both need belongs into a file that is no test`];
      }
      const isPackage = !/^(src|test|bench|package\.json$|#|node:)/.test(each.to);
      if (!isPackage || each.isTypeOnly) return [];
      const name = /^(@[^/]+\/)?[^/]+/.exec(each.to)?.[0] ?? each.to;
      return name in dependencies ? [] : [`${describeImport(each)}: ${name} is not in "dependencies"`];
    });
    expectNone(wrong);
  });

  it('has HTTP without what nobody uses of it', () => {
    const wrong = productImports
      .filter(({ from, to, isTypeOnly }) => to === 'node:http' && !isTypeOnly && from !== 'src/http.ts')
      .map((each) => `${describeImport(each)}: take what runs from src/http.ts, which says why`);
    expectNone(wrong);
  });

  it('starts without the machinery of Kubernetes, which waits for the first cluster', () => {
    const late =
      /^src\/kubernetes\/(cel\/|kinds\/kinds|managed-fields\/|apiserver\/admission\/(chain|policies\/|webhooks\/))/;
    const wrong = waysFrom('src/composition/server.ts', productImports)
      .filter((way) => late.test(way.at(-1) ?? '') && !late.test(way.at(-2) ?? ''))
      .map((way) => `${way.join(' -> ')}: one of these steps has to be an import()`);
    expectNone(wrong);
  });

  it('is read as it is', () => {
    const source =
      "import { a } from './a.ts';\nimport type { B } from '../clock/index.ts';\nexport {\n  c,\n} from 'ws';\nawait import('./d.ts');\n";
    expect(scan('src/cli/x.ts', source)).toEqual([
      { from: 'src/cli/x.ts', to: 'src/cli/a.ts', line: 1, isTypeOnly: false, isLate: false },
      { from: 'src/cli/x.ts', to: 'src/clock/index.ts', line: 2, isTypeOnly: true, isLate: false },
      { from: 'src/cli/x.ts', to: 'ws', line: 3, isTypeOnly: false, isLate: false },
      { from: 'src/cli/x.ts', to: 'src/cli/d.ts', line: 6, isTypeOnly: false, isLate: true },
    ]);
    expect(
      findCircles([
        { from: 'a', to: 'b', line: 1, isTypeOnly: false, isLate: false },
        { from: 'b', to: 'c', line: 1, isTypeOnly: false, isLate: false },
        { from: 'c', to: 'a', line: 1, isTypeOnly: false, isLate: false },
      ]),
    ).toEqual([['a', 'b', 'c', 'a']]);
  });
});

/** Fails with one line for each. */
function expectNone(wrong: readonly string[]): void {
  if (wrong.length > 0) expect.fail(`${wrong.length} found:\n${wrong.join('\n')}`);
}

function describeImport({ from, to, line }: Import): string {
  return `${from}:${line} imports ${to}`;
}

function typescriptFiles(): readonly string[] {
  return ['src', 'test', 'bench'].flatMap((folder) => {
    if (!existsSync(join(root, folder))) return [];
    return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  });
}

function importsOf(path: string): readonly Import[] {
  return scan(path, readFileSync(join(root, path), 'utf8'));
}

/** Static imports and re-exports begin a line, as the formatter leaves them; dynamic ones may stand anywhere. */
function scan(path: string, source: string): readonly Import[] {
  const statement =
    /^(?:import|export)\s(?:(type)\s)?(?:[\w*{][^'";]*?\sfrom\s)?'([^']+)'|\bimport\('([^']+)'\)/gm;
  return Array.from(source.matchAll(statement), (match) => {
    const specifier = match[2] ?? match[3] ?? '';
    return {
      from: path,
      to: specifier.startsWith('.') ? join(dirname(path), specifier) : specifier,
      line: source.slice(0, match.index).split('\n').length,
      isTypeOnly: match[1] === 'type',
      isLate: match[3] !== undefined,
    };
  });
}

/** To each file that is loaded with the first one, a shortest way of imports. */
function waysFrom(first: string, arrows: readonly Import[]): readonly (readonly string[])[] {
  const next = Map.groupBy(arrows, ({ from }) => from);
  const ways = new Map([[first, [first]]]);
  for (const [file, way] of ways)
    for (const { to, isTypeOnly, isLate } of next.get(file) ?? [])
      if (!isTypeOnly && !isLate && !ways.has(to)) ways.set(to, [...way, to]);
  return [...ways.values()];
}

/** Each circle once, from its first file back to it. */
function findCircles(arrows: readonly Import[]): readonly (readonly string[])[] {
  const next = Map.groupBy(arrows, ({ from }) => from);
  const finished = new Set<string>();
  const circles: string[][] = [];
  const walk = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at !== -1) {
      circles.push([...way.slice(at), file]);
      return;
    }
    if (finished.has(file)) return;
    for (const { to } of next.get(file) ?? []) walk(to, [...way, file]);
    finished.add(file);
  };
  for (const file of next.keys()) walk(file, []);
  return circles;
}
