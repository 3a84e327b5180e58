import { describe, test } from 'vitest';
import { expectRefusal, one, type Refused, repeat, tcp, two, unknown } from '../testing/definition-input.ts';

describe('port mappings are refused', () => {
  test.each<Refused>([
    [
      'with ports that differ in awsvpc',
      one({ portMappings: [tcp(80, 8080)] }, { networkMode: 'awsvpc' }),
      'When networkMode=awsvpc, the host ports and container ports in port mappings must match.',
    ],
    [
      'with ports that differ in host mode',
      one({ portMappings: [tcp(80, 8080)] }, { networkMode: 'host' }),
      'When networkMode=host, the host ports and container ports in port mappings must match.',
    ],
    [
      'with ports but no network',
      one({ portMappings: [tcp(80)] }, { networkMode: 'none' }),
      /networkMode=none/,
    ],
    ['with a mapping of no port', one({ portMappings: [{ hostPort: 80 }] }), /containerPort/],
    ['with port 0', one({ portMappings: [tcp(0)] }), /containerPort of container 'web'/],
    ['with port 65536', one({ portMappings: [tcp(80, 65_536)] }), /hostPort of container 'web'/],
    [
      'with a container port for two protocols',
      one({ portMappings: [tcp(53), { ...tcp(53), protocol: 'udp' }] }),
      /Container port 53 is used multiple times/,
    ],
    [
      'with one host port for two containers',
      two({ portMappings: [tcp(80, 80)] }, { portMappings: [tcp(8080, 80)] }),
      /Host port 80\/tcp is used multiple times/,
    ],
    [
      'with a backward port range',
      one({ portMappings: [{ containerPortRange: '90-80' }] }),
      /Invalid 'containerPortRange' setting/,
    ],
    [
      'with a port range beyond the last',
      one({ portMappings: [{ containerPortRange: '65000-65536' }] }),
      /Invalid 'containerPortRange' setting/,
    ],
    [
      'with overlapping port ranges',
      one({ portMappings: [{ containerPortRange: '80-90' }, { containerPortRange: '90-95' }] }),
      /Container port 90 is used multiple times/,
    ],
    [
      'with a port inside a range',
      one({ portMappings: [{ containerPortRange: '80-90' }, tcp(85)] }),
      /Container port 85 is used multiple times/,
    ],
    [
      'with a port and a range in one mapping',
      one({ portMappings: [{ ...tcp(80), containerPortRange: '80-90' }] }),
      /both single port and port range/,
    ],
    [
      'with a port range in host mode',
      one({ portMappings: [{ containerPortRange: '80-90' }] }, { networkMode: 'host' }),
      /networkMode=host/,
    ],
    [
      'with 101 port ranges',
      one({ portMappings: repeat(101, (i) => ({ containerPortRange: `${i * 10 + 1}-${i * 10 + 2}` })) }),
      /At most 100/,
    ],
    [
      'with a bad port name',
      one({ portMappings: [{ ...tcp(80), name: '-http' }] }),
      /Port mapping name '-http' is invalid/,
    ],
    ['with a port name in capitals', one({ portMappings: [{ ...tcp(80), name: 'HTTP' }] }), /is invalid/],
    [
      'with a port name twice',
      two({ portMappings: [{ ...tcp(80), name: 'a' }] }, { portMappings: [{ ...tcp(81), name: 'a' }] }),
      "Port mapping name 'a' is already used.",
    ],
    [
      'with an unknown appProtocol',
      one({ portMappings: [{ ...tcp(80), appProtocol: unknown('smtp') }] }),
      /appProtocol/,
    ],
    ['with half a port', one({ portMappings: [tcp(80.5)] }), /containerPort of container 'web'/],
    ['with a negative host port', one({ portMappings: [tcp(80, -1)] }), /hostPort of container 'web'/],
    ['with container port 65536', one({ portMappings: [tcp(65_536)] }), /containerPort of container 'web'/],
    [
      'with a range and a host port in one mapping',
      one({ portMappings: [{ hostPort: 80, containerPortRange: '80-90' }] }),
      /both single port and port range/,
    ],
    [
      'with a port range of one port',
      one({ portMappings: [{ containerPortRange: '80-80' }] }),
      /Invalid 'containerPortRange' setting: 80-80/,
    ],
    [
      'with a port range from 0',
      one({ portMappings: [{ containerPortRange: '0-10' }] }),
      /Invalid 'containerPortRange' setting/,
    ],
    [
      'with a port range that is none',
      one({ portMappings: [{ containerPortRange: '80' }] }),
      /Invalid 'containerPortRange' setting/,
    ],
    [
      'with a port name of 65',
      one({ portMappings: [{ ...tcp(80), name: 'a'.repeat(65) }] }),
      /is invalid: up to 64/,
    ],
  ])('%s', expectRefusal);
});
