// The arrows of the house. Each room names the rooms that it may use; every other arrow between rooms is an
// error, and `instead` says by which door the thing wanted is reached. Tests may look into any room.

const rooms = [
  {
    room: 'clock',
    mayUse: [],
    instead: 'Time and chance know nothing of the house.',
  },
  {
    room: 'store',
    mayUse: ['clock'],
    instead:
      'The store keeps values without knowing what they mean: put the meaning into reconcile/ or a service.',
  },
  {
    room: 'reconcile',
    mayUse: ['clock', 'store'],
    instead: 'Reconcile knows records and keys only: a service hands it reconcilers, main.ts joins them.',
  },
  {
    room: 'protocols',
    mayUse: ['clock'],
    instead: 'Protocols read and write by schema and know no service: hand in what is needed as an argument.',
  },
  {
    room: 'services',
    mayUse: ['clock', 'protocols', 'reconcile', 'store'],
    instead:
      'Services write desired state and read reported state: what runs and where is reached through the store ' +
      'and the agent protocol (protocols/acs.ts), never by importing node/, runtime/ or network/; nor do they know gateway/ or cli/.',
  },
  {
    room: 'kubernetes',
    mayUse: ['clock', 'protocols', 'reconcile', 'store', 'services'],
    instead:
      'Kubernetes reaches nodes by the Kubernetes API and AWS services by the doors in services/<service>/index.ts.',
  },
  {
    room: 'gateway',
    mayUse: ['clock', 'protocols', 'services', 'kubernetes'],
    instead:
      'The gateway knows services by services/service.ts only; what an operation needs, main.ts hands to the service.',
  },
  {
    room: 'runtime',
    mayUse: ['clock'],
    instead:
      'The runtime does one idempotent step at a time and knows no policy: the node side decides and calls it.',
  },
  {
    room: 'network',
    mayUse: ['clock'],
    instead:
      'The network does one idempotent step at a time and knows no policy: the node side decides and calls it.',
  },
  {
    room: 'node',
    mayUse: ['clock', 'protocols', 'runtime', 'network'],
    instead:
      'The node side speaks to the control plane by public protocols only (ACS, the AWS APIs): use the SDK client ' +
      'or protocols/, not services/, store/ or gateway/.',
  },
  {
    room: 'installation',
    mayUse: ['clock'],
    instead: 'An installation is a few files in a state directory, known to cli/ and main.ts.',
  },
  {
    room: 'cli',
    mayUse: ['clock', 'installation'],
    instead:
      'The command line is a customer of the public API: use the SDK over HTTP or cli/operator-api.ts; what must ' +
      'happen in this process is handed in through cli/composition.ts by main.ts.',
  },
];

/** Files directly in src/ that every room may use. */
const shared = '^src/log[.]ts$';

const inside = (room) => `^src/${room}/`;
const isTest = '([.]test[.]ts$|[.]suite[.]ts$|/testing/)';

const arrows = rooms.map(({ room, mayUse, instead }) => ({
  name: `${room}-uses-only-${mayUse.length === 0 ? 'itself' : mayUse.join('-')}`,
  comment: instead,
  severity: 'error',
  from: { path: inside(room), pathNot: isTest },
  to: { path: '^src/', pathNot: [inside(room), shared, ...mayUse.map(inside)] },
}));

const doors = [
  {
    name: 'rooms-are-entered-by-the-door',
    comment:
      'Import from the other room’s index.ts; if what you need is not offered there, ask whether it should be.',
    severity: 'error',
    from: { path: '^src/([^/]+)/', pathNot: isTest },
    to: { path: '^src/[^/]+/.', pathNot: ['^src/$1/', '^src/[^/]+/index[.]ts$', '^src/services/'] },
  },
  {
    name: 'services-are-entered-by-the-door',
    comment:
      'Import from services/<service>/index.ts (or services/service.ts, the contract): the operations and records of ' +
      'another service are its own.',
    severity: 'error',
    from: { path: '^src/(services/[^/]+|[^/]+)/', pathNot: isTest },
    to: {
      path: '^src/services/.',
      pathNot: ['^src/$1/', '^src/services/[^/]+/index[.]ts$', '^src/services/service[.]ts$'],
    },
  },
  {
    name: 'main-enters-by-the-door',
    comment: 'The composition root joins rooms by what their index.ts offers.',
    severity: 'error',
    from: { path: '^src/[^/]+[.]ts$' },
    to: {
      path: '^src/[^/]+/',
      pathNot: ['^src/[^/]+/index[.]ts$', '^src/services/[^/]+/index[.]ts$', '^src/services/service[.]ts$'],
    },
  },
  {
    name: 'nothing-imports-main',
    comment: 'Only main.ts knows every part, and no part knows main.ts: hand what is needed in from there.',
    severity: 'error',
    from: {},
    to: { path: '^src/main[.]ts$' },
  },
];

const hygiene = [
  {
    name: 'no-cycles',
    comment: 'Two files that need each other are one thing, or share a third: move the shared part out.',
    severity: 'error',
    from: { pathNot: isTest },
    to: { circular: true },
  },
  {
    name: 'no-unresolved-imports',
    comment: 'The import leads nowhere: is the file’s name right, is the package in package.json?',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'no-development-packages-in-src',
    comment: 'The product runs without development packages: move it to "dependencies", with its reason.',
    severity: 'error',
    from: { path: '^src/', pathNot: [isTest, '^src/cli/test/'] },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'], pathNot: '/@types/' },
  },
  {
    name: 'product-does-not-import-tests',
    comment: 'What both need belongs into a file of the room that is not a test.',
    severity: 'error',
    from: { path: '^(src|bench)/', pathNot: isTest },
    to: { path: isTest },
  },
];

export default {
  forbidden: [...arrows, ...doors, ...hygiene],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
