import { createSocket, type Socket } from 'node:dgram';
import { Namespace } from '../../src/network/linux/namespace.ts';
import { listenIn } from '../../src/network/linux/sockets.ts';
import { installationContainers } from './image.ts';

/**
 * A place in the network of a running task, or of a pod by its name. busybox has no program for UDP: the tests' own sockets
 * stand there.
 */
export type DatagramPlace = { readonly stateDirectory: string; readonly address: string } & (
  | { readonly taskArn: string }
  | { readonly pod: string }
);

/** Answers what comes in with the same, until it is disposed of. */
export async function echoDatagrams(place: DatagramPlace, port: number): Promise<AsyncDisposable> {
  const socket = await openSocket(place, port);
  socket.on('message', (message, from) => socket.send(message, from.port, from.address));
  return { [Symbol.asyncDispose]: () => closed(socket) };
}

/** Whether an answer comes to what is sent to an address, within a second. */
export async function datagramAnswered(from: DatagramPlace, to: string, port: number): Promise<boolean> {
  const socket = await openSocket(from, 0);
  try {
    return await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), 1_000);
      socket.once('message', () => {
        clearTimeout(timer);
        resolve(true);
      });
      socket.send('ahoy', port, to);
    });
  } finally {
    await closed(socket);
  }
}

async function openSocket(place: DatagramPlace, port: number): Promise<Socket> {
  const { stateDirectory, address } = place;
  const containers = await installationContainers(stateDirectory);
  const [label, value] =
    'pod' in place ? ['io.kubernetes.pod.name', place.pod] : ['com.amazonaws.ecs.task-arn', place.taskArn];
  const own = containers.find(({ labels, status }) => labels[label] === value && status.state === 'running');
  if (own?.status.state !== 'running') throw new Error(`${value} has no container that runs`);
  using namespace = new Namespace(`/proc/${own.status.pid}/ns/net`);
  const fd = listenIn(namespace, { type: 'udp', address, port });
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind({ fd }, resolve));
  return socket;
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.close(resolve);
  });
