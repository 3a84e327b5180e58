import { describe, test } from 'vitest';
import { expectRefusal, one, type Refused, unknown } from '../testing/definition-input.ts';

describe('Linux parameters are refused', () => {
  test.each<Refused>([
    [
      'with an unknown ulimit',
      one({ ulimits: [{ name: unknown('files'), softLimit: 1, hardLimit: 1 }] }),
      /Ulimit\.name/,
    ],
    [
      'with a soft limit above the hard',
      one({ ulimits: [{ name: 'nofile', softLimit: -1, hardLimit: 1 }] }),
      /must be less than or equal to its hardLimit/,
    ],
    [
      'with an unknown capability',
      one({ linuxParameters: { capabilities: { add: ['CAP_NET_ADMIN'] } } }),
      /capabilities of container 'web'/,
    ],
    [
      'with an unknown tmpfs option',
      one({ linuxParameters: { tmpfs: [{ containerPath: '/t', size: 1, mountOptions: ['fast'] }] } }),
      /Tmpfs\.mountOptions/,
    ],
    [
      'with a tmpfs of nothing',
      one({ linuxParameters: { tmpfs: [{ containerPath: '/t', size: 0 }] } }),
      /Tmpfs\.size/,
    ],
    ['with swappiness 101', one({ linuxParameters: { swappiness: 101 } }), /swappiness/],
    ['with negative swap', one({ linuxParameters: { maxSwap: -1 } }), /maxSwap/],
    [
      'with an unknown device permission',
      one({ linuxParameters: { devices: [{ hostPath: '/dev/x', permissions: [unknown('exec')] }] } }),
      /Device\.permissions/,
    ],
    [
      'with a sysctl of the whole host',
      one({ systemControls: [{ namespace: 'vm.swappiness', value: '1' }] }),
      /not a namespaced kernel parameter/,
    ],
    [
      'with a network sysctl in host mode',
      one({ systemControls: [{ namespace: 'net.core.somaxconn', value: '1' }] }, { networkMode: 'host' }),
      /networkMode=host/,
    ],
    [
      'with an IPC sysctl in the host namespace',
      one({ systemControls: [{ namespace: 'kernel.shmmax', value: '1' }] }, { ipcMode: 'host' }),
      /ipcMode=host/,
    ],
    [
      'with a limit below no limit',
      one({ ulimits: [{ name: 'nofile', softLimit: -2, hardLimit: 1 }] }),
      /softLimit of ulimit 'nofile'/,
    ],
    [
      'with half a file',
      one({ ulimits: [{ name: 'nofile', softLimit: 1, hardLimit: 1.5 }] }),
      /hardLimit of ulimit 'nofile'/,
    ],
    ['with shared memory of nothing', one({ linuxParameters: { sharedMemorySize: 0 } }), /sharedMemorySize/],
    ['with swappiness -1', one({ linuxParameters: { swappiness: -1 } }), /swappiness/],
    ['with swap in halves', one({ linuxParameters: { maxSwap: 0.5 } }), /maxSwap/],
    [
      'with an unknown capability to drop',
      one({ linuxParameters: { capabilities: { drop: ['EVERYTHING'] } } }),
      /capabilities of container 'web'/,
    ],
    [
      'with a device without a path',
      one({ linuxParameters: { devices: [{ hostPath: '' }] } }),
      /Device\.hostPath/,
    ],
    [
      'with a tmpfs without a path',
      one({ linuxParameters: { tmpfs: [{ containerPath: '', size: 1 }] } }),
      /Tmpfs\.containerPath/,
    ],
    ['with a sysctl without a name', one({ systemControls: [{ value: '1' }] }), /SystemControl\.namespace/],
    [
      'with a sysctl without a value',
      one({ systemControls: [{ namespace: 'net.core.somaxconn' }] }),
      /SystemControl\.value/,
    ],
  ])('%s', expectRefusal);
});
