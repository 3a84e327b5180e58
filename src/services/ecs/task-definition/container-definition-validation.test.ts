import { describe, test } from 'vitest';
import {
  check,
  expectRefusal,
  one,
  type Refused,
  repeat,
  role,
  sha,
  unknown,
} from '../testing/definition-input.ts';

describe('a container is refused', () => {
  test.each<Refused>([
    ['without a container name', one({ name: undefined }), 'Container.name should not be null or empty.'],
    ['with a bad container name', one({ name: 'a b' }), 'Container.name contains invalid characters.'],
    ['without an image', one({ image: undefined }), 'Container.image should not be null or empty.'],
    ['with a bad image', one({ image: '$IMAGE' }), 'Container.image contains invalid characters.'],
    ['with a short digest', one({ image: 'app@sha256:abc' }), 'Container.image contains invalid characters.'],
    ['with two digests', one({ image: `app@${sha}@${sha}` }), 'Container.image contains invalid characters.'],
    [
      'with an image name of 256',
      one({ image: 'i'.repeat(256) }),
      'Container.image repository should be 255 characters or less.',
    ],
    [
      'without memory',
      one({ memory: undefined }),
      "Invalid setting for container 'web'. At least one of 'memory' or 'memoryReservation' must be specified.",
    ],
    ['with no more than zero memory', one({ memory: 0 }), /At least one of 'memory'/],
    ['with 3 MiB', one({ memory: 3 }), /memory of container 'web'/],
    [
      'with a reservation above the limit',
      one({ memory: 64, memoryReservation: 65 }),
      "Invalid setting for container 'web'. 'memory' must be greater than or equal to 'memoryReservation'.",
    ],
    ['with negative cpu', one({ cpu: -1 }), /cpu of container 'web'/],
    ['with half a CPU unit', one({ cpu: 0.5 }), /cpu of container 'web'/],
    [
      'with a hostname in awsvpc',
      one({ hostname: 'h' }, { networkMode: 'awsvpc' }),
      'Hostname is not supported on container when networkMode=awsvpc.',
    ],
    [
      'with DNS servers in awsvpc',
      one({ dnsServers: ['1.1.1.1'] }, { networkMode: 'awsvpc' }),
      'DNS servers are not supported on container when networkMode=awsvpc.',
    ],
    [
      'with extra hosts in awsvpc',
      one({ extraHosts: [{ hostname: 'a', ipAddress: '1.2.3.4' }] }, { networkMode: 'awsvpc' }),
      /^Extra hosts are not supported/,
    ],
    [
      'with networking off in awsvpc',
      one({ disableNetworking: true }, { networkMode: 'awsvpc' }),
      'Disable Networking is not supported on container when networkMode=awsvpc.',
    ],
    [
      'with a start timeout of 1 s',
      one({ startTimeout: 1 }),
      "Granular start timeout on container 'web' must be at least 2 seconds.",
    ],
    [
      'with a stop timeout of 1 s',
      one({ stopTimeout: 1 }),
      "Granular stop timeout on container 'web' must be at least 2 seconds.",
    ],
    [
      'with restarts every 59 s',
      one({ restartPolicy: { enabled: true, restartAttemptPeriod: 59 } }),
      "The 'restartAttemptPeriod' setting for container 'web' must be between 60 and 1800.",
    ],
    [
      'with restarts every 1801 s',
      one({ restartPolicy: { enabled: true, restartAttemptPeriod: 1801 } }),
      /between 60 and 1800/,
    ],
    [
      'with 51 ignored exit codes',
      one({ restartPolicy: { enabled: true, ignoredExitCodes: repeat(51, (i) => i) } }),
      /At most 50/,
    ],
    [
      'with a health check of no kind',
      one({ healthCheck: { command: ['curl', 'x'] } }),
      /must start with CMD or CMD-SHELL/,
    ],
    ['with a health check of no command', one({ healthCheck: { command: ['CMD'] } }), /must start with CMD/],
    [
      'with an interval of 4 s',
      one({ healthCheck: { ...check, interval: 4 } }),
      /HealthCheck\.interval.*between 5 and 300/,
    ],
    ['with an interval of 301 s', one({ healthCheck: { ...check, interval: 301 } }), /HealthCheck\.interval/],
    ['with a timeout of 1 s', one({ healthCheck: { ...check, timeout: 1 } }), /HealthCheck\.timeout/],
    ['with 11 retries', one({ healthCheck: { ...check, retries: 11 } }), /HealthCheck\.retries/],
    [
      'with a start period of 301 s',
      one({ healthCheck: { ...check, startPeriod: 301 } }),
      /HealthCheck\.startPeriod/,
    ],
    [
      'with secrets and no execution role',
      one({ secrets: [{ name: 'A', valueFrom: 'p' }] }),
      "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
    ],
    [
      'with a secret named like a variable',
      one(
        { environment: [{ name: 'A' }], secrets: [{ name: 'A', valueFrom: 'p' }] },
        { executionRoleArn: role },
      ),
      "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as 'A'.",
    ],
    [
      'with a secret twice',
      one(
        {
          secrets: [
            { name: 'A', valueFrom: 'p' },
            { name: 'A', valueFrom: 'q' },
          ],
        },
        { executionRoleArn: role },
      ),
      /secret name must be unique/,
    ],
    [
      'with a secret from nowhere',
      one({ secrets: [{ name: 'A', valueFrom: '' }] }, { executionRoleArn: role }),
      /Secret\.valueFrom/,
    ],
    ['with a nameless variable', one({ environment: [{ value: '1' }] }), /Environment variable name/],
    [
      'with 11 environment files',
      one({
        environmentFiles: repeat(11, (i) => ({ type: 's3' as const, value: `arn:aws:s3:::b/${i}.env` })),
      }),
      /maximum number of environment files was exceeded/,
    ],
    [
      'with an environment file that is no ARN',
      one({ environmentFiles: [{ type: 's3', value: 's3://b/a.env' }] }),
      'Invalid arn syntax.',
    ],
    [
      'with an environment file of another extension',
      one({ environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::b/a.txt' }] }),
      /extension \.env/,
    ],
    [
      'with an unknown security option',
      one({ dockerSecurityOptions: ['seccomp=unconfined'] }),
      /dockerSecurityOptions/,
    ],
    [
      'with two credential specs',
      one({ credentialSpecs: ['credentialspec:arn:a', 'credentialspec:arn:b'] }),
      /At most one/,
    ],
    ['with a bad credential spec', one({ credentialSpecs: ['arn:a'] }), /Invalid credential spec/],
    [
      'with half a GPU',
      one({ resourceRequirements: [{ type: 'GPU', value: '0.5' }] }),
      /positive number or ALL/,
    ],
    [
      'with one Neuron device',
      one({ resourceRequirements: [{ type: 'NeuronDevice', value: '1' }] }),
      /must be ALL/,
    ],
    [
      'with an unknown accelerator',
      one({ resourceRequirements: [{ type: 'InferenceAccelerator', value: 'x' }] }),
      /Unknown inference accelerator/,
    ],
    [
      'with a GPU both shared and counted',
      one({
        resourceRequirements: [{ type: 'GPU', value: '1', sharingStrategy: { nvidiaMps: { memory: 1 } } }],
      }),
      /sharingStrategy/,
    ],
    [
      'with an unknown resource',
      one({ resourceRequirements: [{ type: unknown('TPU'), value: '1' }] }),
      /ResourceRequirement\.type/,
    ],
    [
      'with an unknown versionConsistency',
      one({ versionConsistency: unknown('maybe') }),
      /versionConsistency/,
    ],
    ['with a container name of 256', one({ name: 'n'.repeat(256) }), /Container\.name contains invalid/],
    ['with an empty image', one({ image: '' }), 'Container.image should not be null or empty.'],
    ['with a space in the image', one({ image: 'a b' }), 'Container.image contains invalid characters.'],
    ['with half a MiB', one({ memory: 64.5 }), /memory of container 'web'.*an integer/],
    ['with 3 MiB reserved', one({ memoryReservation: 3 }), /memoryReservation of container 'web'/],
    ['with more memory than an Integer holds', one({ memory: 2 ** 31 }), /between 4 and 2147483647\.$/],
    ['with more cpu than an Integer holds', one({ cpu: 2 ** 31 }), /cpu of container 'web'/],
    ['with a start timeout of 2.5 s', one({ startTimeout: 2.5 }), /startTimeout of container 'web'/],
    ['with a stop timeout of 2.5 s', one({ stopTimeout: 2.5 }), /stopTimeout of container 'web'/],
    [
      'with a stop timeout beyond an Integer',
      one({ stopTimeout: 2 ** 31 }),
      /stopTimeout of container 'web'/,
    ],
    [
      'with restarts every 60.5 s',
      one({ restartPolicy: { enabled: true, restartAttemptPeriod: 60.5 } }),
      /restartAttemptPeriod.*an integer/,
    ],
    [
      'with an exit code that none is',
      one({ restartPolicy: { enabled: true, ignoredExitCodes: [256] } }),
      /ignoredExitCodes.*between 0 and 255/,
    ],
    ['with a health check of nothing', one({ healthCheck: { command: [] } }), /must start with CMD/],
    [
      'with a health check of half a second more',
      one({ healthCheck: { ...check, interval: 5.5 } }),
      /interval/,
    ],
    ['with a timeout of 61 s', one({ healthCheck: { ...check, timeout: 61 } }), /HealthCheck\.timeout/],
    ['with no retry', one({ healthCheck: { ...check, retries: 0 } }), /HealthCheck\.retries/],
    ['with a negative start period', one({ healthCheck: { ...check, startPeriod: -1 } }), /startPeriod/],
    [
      'with a DNS search domain in awsvpc',
      one({ dnsSearchDomains: ['example.com'] }, { networkMode: 'awsvpc' }),
      'DNS search domains are not supported on container when networkMode=awsvpc.',
    ],
    [
      'with an extra host without a name',
      one({ extraHosts: [{ hostname: '', ipAddress: '1.2.3.4' }] }),
      /HostEntry\.hostname/,
    ],
    [
      'with an extra host without an address',
      one({ extraHosts: [{ hostname: 'a', ipAddress: '' }] }),
      /HostEntry\.ipAddress/,
    ],
    [
      'with a nameless secret',
      one({ secrets: [{ name: '', valueFrom: 'p' }] }, { executionRoleArn: role }),
      'Secret.name should not be null or empty.',
    ],
    [
      'with an environment file of another type',
      one({ environmentFiles: [{ type: unknown('git'), value: 'arn:aws:s3:::b/a.env' }] }),
      "Invalid value 'git' for EnvironmentFile.type. Must be one of [s3].",
    ],
    [
      'with registry credentials of nothing',
      one({ repositoryCredentials: { credentialsParameter: '' } }),
      'RepositoryCredentials.credentialsParameter should not be null or empty.',
    ],
    ['with no GPU', one({ resourceRequirements: [{ type: 'GPU', value: '0' }] }), /positive number or ALL/],
    [
      'with more than the whole of a shared GPU',
      one({
        resourceRequirements: [
          { type: 'GPU', sharingStrategy: { nvidiaMps: { memory: 1, maxComputePercent: 101 } } },
        ],
      }),
      /maxComputePercent.*between 1 and 100/,
    ],
  ])('%s', expectRefusal);
});
