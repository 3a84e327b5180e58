import { describe, test } from 'vitest';
import { efs, expectRefusal, one, type Refused, role, unknown } from '../testing/definition-input.ts';

describe('volumes are refused', () => {
  test.each<Refused>([
    [
      'with an unknown volume',
      one({ mountPoints: [{ sourceVolume: 'data', containerPath: '/d' }] }),
      "Unknown volume 'data'.",
    ],
    [
      'with a mount without a path',
      one({ mountPoints: [{ sourceVolume: 'd' }] }, { volumes: [{ name: 'd' }] }),
      /containerPath/,
    ],
    [
      'with two mounts at one path',
      one(
        {
          mountPoints: [
            { sourceVolume: 'd', containerPath: '/d' },
            { sourceVolume: 'd', containerPath: '/d' },
          ],
        },
        { volumes: [{ name: 'd' }] },
      ),
      /Duplicate mount point/,
    ],
    ['with a volume without a name', { volumes: [{ host: {} }] }, /^Volume\.name should not be null/],
    ['with a bad volume name', { volumes: [{ name: 'a/b' }] }, 'Volume.name contains invalid characters.'],
    ['with a volume name twice', { volumes: [{ name: 'a' }, { name: 'a' }] }, /must be unique/],
    [
      'with a volume of two kinds',
      { volumes: [{ name: 'a', host: {}, dockerVolumeConfiguration: {} }] },
      /only one volume configuration/,
    ],
    [
      'with a relative sourcePath',
      { volumes: [{ name: 'a', host: { sourcePath: 'data' } }] },
      /absolute path/,
    ],
    [
      'with autoprovision of a task volume',
      { volumes: [{ name: 'a', dockerVolumeConfiguration: { autoprovision: true } }] },
      /autoprovision/,
    ],
    [
      'with EFS IAM in the clear',
      {
        volumes: [
          {
            name: 'a',
            efsVolumeConfiguration: { fileSystemId: 'fs-1', authorizationConfig: { iam: 'ENABLED' } },
          },
        ],
      },
      'EFS IAM authorization requires TransitEncryption to be enabled.',
    ],
    [
      'with an EFS port in the clear',
      {
        volumes: [
          { name: 'a', efsVolumeConfiguration: { fileSystemId: 'fs-1', transitEncryptionPort: 2049 } },
        ],
      },
      'TransitEncryptionPort requires that TransitEncryption is enabled.',
    ],
    [
      'with an EFS access point and a directory',
      {
        volumes: [
          {
            name: 'a',
            efsVolumeConfiguration: {
              fileSystemId: 'fs-1',
              transitEncryption: 'ENABLED',
              rootDirectory: '/x',
              authorizationConfig: { accessPointId: 'fsap-1' },
            },
          },
        ],
      },
      /root directory must either be set to "\/"/,
    ],
    [
      'with S3 Files and no task role',
      { volumes: [{ name: 'a', s3filesVolumeConfiguration: { fileSystemArn: 'arn' } }] },
      /taskRoleArn/,
    ],
    [
      'with FSx and no credentials',
      {
        volumes: [
          {
            name: 'a',
            fsxWindowsFileServerVolumeConfiguration: unknown({ fileSystemId: 'fs-1', rootDirectory: '\\x' }),
          },
        ],
      },
      /FSxWindowsFileServerAuthorizationConfig/,
    ],
    [
      'with two volumes configured at launch',
      {
        volumes: [
          { name: 'a', configuredAtLaunch: true },
          { name: 'b', configuredAtLaunch: true },
        ],
      },
      /Only one volume/,
    ],
    [
      'with a launch volume that nothing mounts',
      { volumes: [{ name: 'a', configuredAtLaunch: true }] },
      'Volumes [a] are not referenced by any of the containers.',
    ],
    [
      'with a mount of no volume',
      one({ mountPoints: [{ containerPath: '/d' }] }),
      'MountPoint.sourceVolume should not be null or empty.',
    ],
    ['with a volume name of 256', { volumes: [{ name: 'v'.repeat(256) }] }, /^Volume\.name contains invalid/],
    [
      'with a launch volume of another kind too',
      one(
        { mountPoints: [{ sourceVolume: 'a', containerPath: '/a' }] },
        { volumes: [{ name: 'a', host: {}, configuredAtLaunch: true }] },
      ),
      "Volume 'a' can have only one volume configuration.",
    ],
    [
      'with a Docker volume of an unknown scope',
      { volumes: [{ name: 'a', dockerVolumeConfiguration: { scope: unknown('host') } }] },
      "Invalid value 'host' for DockerVolumeConfiguration.scope. Must be one of [shared, task].",
    ],
    [
      'with EFS and no file system',
      efs({ fileSystemId: '' }),
      /^EFSVolumeConfiguration\.fileSystemId should/,
    ],
    [
      'with an unknown EFS encryption',
      efs({ transitEncryption: unknown('MAYBE') }),
      /for transitEncryption\./,
    ],
    ['with an unknown EFS IAM', efs({ authorizationConfig: { iam: unknown('MAYBE') } }), /for iam\./],
    [
      'with an EFS port that is none',
      efs({ transitEncryption: 'ENABLED', transitEncryptionPort: 65_536 }),
      /transitEncryptionPort.*between 1 and 65535/,
    ],
    [
      'with an EFS access point in the clear',
      efs({ authorizationConfig: { accessPointId: 'fsap-1' } }),
      'EFS access points require TransitEncryption to be enabled.',
    ],
    [
      'with an S3 Files access point and a directory',
      {
        taskRoleArn: role,
        volumes: [
          {
            name: 'a',
            s3filesVolumeConfiguration: { fileSystemArn: 'x', accessPointArn: 'y', rootDirectory: '/z' },
          },
        ],
      },
      /S3 Files access point, the root directory must/,
    ],
  ])('%s', expectRefusal);
});
