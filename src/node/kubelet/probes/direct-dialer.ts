import { connect } from 'node:net';
import type { PodDialer } from '../kubelet-options.ts';

/** Of a machine that reaches its pods itself. */
export const directDialer: PodDialer = {
  connect: ({ address, port }, signal) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: address, port, signal });
      socket.once('connect', () => resolve(socket));
      socket.once('error', reject);
    }),
};
