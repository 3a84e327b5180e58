import { requiredTerms } from '../controllers/node-fit.ts';
import type { PlacedContainer, PlacedSpec } from './objects.ts';
import { podRequests, type Resources, scoredRequests } from './resources.ts';

/** What of a pod decides which nodes have room for it by themselves: the same for all pods of a template. */
export interface PodShape {
  /** Stands for everything below. */
  readonly signature: string;
  readonly spec: PlacedSpec;
  readonly requests: Resources;
  readonly scored: Resources;
  readonly hostPorts: readonly HostPort[];
  /** One for each container. */
  readonly images: readonly string[];
  /** The only nodes that it may run on, where it names them. */
  readonly nodeNames: ReadonlySet<string> | undefined;
  /** It asks for something of nodes' labels. */
  readonly choosesNodes: boolean;
}

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

const shapes = new Map<string, PodShape>();
const mostShapes = 2_048;

export function shapeOf(spec: PlacedSpec): PodShape {
  const signature = signatureOf(spec);
  const known = shapes.get(signature);
  if (known !== undefined) return known;
  if (shapes.size >= mostShapes) shapes.clear();
  const nodeAffinity = requiredTerms(spec);
  const shape: PodShape = {
    ...{ signature, spec, requests: podRequests(spec), scored: scoredRequests(spec) },
    hostPorts: running(spec).flatMap(({ ports = [] }) =>
      ports
        .filter(({ hostPort = 0 }) => hostPort > 0)
        .map(({ hostIP, protocol = 'TCP', hostPort = 0 }) => ({
          ...{ ip: hostIP || everyAddress, protocol, port: hostPort },
        })),
    ),
    images: [...(spec.initContainers ?? []), ...spec.containers].map(({ image = '' }) => imageName(image)),
    nodeNames: namedNodes(spec),
    choosesNodes: nodeAffinity !== undefined || Object.keys(spec.nodeSelector ?? {}).length > 0,
  };
  shapes.set(signature, shape);
  return shape;
}

/** Containers that run as long as the pod does. */
const running = ({ containers, initContainers = [] }: PlacedSpec): readonly PlacedContainer[] => [
  ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always'),
  ...containers,
];

function signatureOf(spec: PlacedSpec): string {
  const { containers, initContainers, nodeSelector, affinity, tolerations, overhead, resources } = spec;
  const own = ({ image, resources, ports, restartPolicy }: PlacedContainer) => [
    ...[image, resources?.requests, restartPolicy, ports?.filter(({ hostPort = 0 }) => hostPort > 0)],
  ];
  return JSON.stringify([
    ...[nodeSelector, affinity?.nodeAffinity, tolerations, overhead, resources?.requests],
    ...[containers.map(own), initContainers?.map(own)],
  ]);
}

const everyAddress = '0.0.0.0';

/** Whether two pods can't be on one node because of them. */
export const isSamePort = (one: HostPort, other: HostPort): boolean =>
  one.port === other.port &&
  one.protocol === other.protocol &&
  (one.ip === other.ip || one.ip === everyAddress || other.ip === everyAddress);

/** As nodes list it: with its tag. */
const imageName = (image: string): string => (/(:[^/]+|@.*)$/.test(image) ? image : `${image}:latest`);

/** Where every term names nodes, these. */
function namedNodes(spec: PlacedSpec): ReadonlySet<string> | undefined {
  const terms = requiredTerms(spec);
  if (terms === undefined || terms.length === 0) return undefined;
  const all = new Set<string>();
  for (const { matchFields = [] } of terms) {
    const lists = matchFields
      .filter(({ key, operator }) => key === 'metadata.name' && operator === 'In')
      .map(({ values = [] }) => new Set(values));
    const [first, ...others] = lists;
    if (first === undefined) return undefined;
    for (const name of others.reduce((names, next) => names.intersection(next), first)) all.add(name);
  }
  return all;
}
