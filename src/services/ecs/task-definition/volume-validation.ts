import {
  EFSAuthorizationConfigIAM,
  EFSTransitEncryption,
  type EFSVolumeConfiguration,
  type S3FilesVolumeConfiguration,
  Scope,
  type Volume,
} from '@aws-sdk/client-ecs';
import { isName } from '../arn.ts';
import { clientError } from '../errors.ts';
import type { StoredTaskDefinition } from '../records.ts';
import { firstDuplicate, invalidSetting, requireInteger, requireOneOf, requireText } from './field-rules.ts';

/** The task's volumes, and that what containers mount is among them. @throws ClientException */
export function validateVolumes(definition: StoredTaskDefinition): void {
  const volumes = definition.volumes ?? [];
  for (const volume of volumes) validateVolume(volume, definition);
  const duplicate = firstDuplicate(volumes.map((volume) => volume.name));
  if (duplicate !== undefined)
    throw clientError(`Volume names must be unique: '${duplicate}' is used more than once.`);
  if (volumes.filter((volume) => volume.configuredAtLaunch === true).length > 1)
    throw clientError('Only one volume can be configured at launch per task definition.');

  const names = new Set(volumes.map((volume) => volume.name));
  const mounted = new Set<string | undefined>();
  for (const container of definition.containerDefinitions) {
    const paths = new Set<string>();
    for (const { sourceVolume, containerPath } of container.mountPoints ?? []) {
      requireText('MountPoint.sourceVolume', sourceVolume);
      if (!names.has(sourceVolume)) throw clientError(`Unknown volume '${sourceVolume}'.`);
      requireText('MountPoint.containerPath', containerPath);
      const path = containerPath ?? '';
      if (paths.has(path)) throw invalidSetting(container.name, `Duplicate mount point: ${path}.`);
      paths.add(path);
      mounted.add(sourceVolume);
    }
  }
  for (const { name, configuredAtLaunch } of volumes) {
    if (configuredAtLaunch === true && !mounted.has(name))
      throw clientError(`Volumes [${name}] are not referenced by any of the containers.`);
  }
}

function validateVolume(volume: Volume, definition: StoredTaskDefinition): void {
  const { name = '' } = volume;
  requireText('Volume.name', name);
  if (!isName(name)) throw clientError('Volume.name contains invalid characters.');
  const kinds = [
    volume.host,
    volume.dockerVolumeConfiguration,
    volume.efsVolumeConfiguration,
    volume.s3filesVolumeConfiguration,
    volume.fsxWindowsFileServerVolumeConfiguration,
    volume.configuredAtLaunch === true ? volume : undefined,
  ].filter((kind) => kind !== undefined);
  if (kinds.length > 1) throw clientError(`Volume '${name}' can have only one volume configuration.`);

  const sourcePath = volume.host?.sourcePath;
  if (sourcePath !== undefined && !/^(\/|[A-Za-z]:[\\/]|\\\\)/.test(sourcePath))
    throw clientError(`The sourcePath '${sourcePath}' of volume '${name}' must be an absolute path.`);

  const docker = volume.dockerVolumeConfiguration;
  requireOneOf('DockerVolumeConfiguration.scope', docker?.scope, Object.values(Scope));
  if (docker?.autoprovision !== undefined && docker.scope !== 'shared')
    throw clientError(`Volume '${name}' can have autoprovision only when its scope is shared.`);

  if (volume.efsVolumeConfiguration) validateEfs(volume.efsVolumeConfiguration);
  if (volume.s3filesVolumeConfiguration) validateS3Files(name, volume.s3filesVolumeConfiguration, definition);
  const fsx = volume.fsxWindowsFileServerVolumeConfiguration;
  if (fsx) {
    requireText('FSxWindowsFileServerVolumeConfiguration.fileSystemId', fsx.fileSystemId);
    requireText('FSxWindowsFileServerVolumeConfiguration.rootDirectory', fsx.rootDirectory);
    requireText('FSxWindowsFileServerAuthorizationConfig.domain', fsx.authorizationConfig?.domain);
    requireText(
      'FSxWindowsFileServerAuthorizationConfig.credentialsParameter',
      fsx.authorizationConfig?.credentialsParameter,
    );
  }
}

function validateEfs(efs: EFSVolumeConfiguration): void {
  requireText('EFSVolumeConfiguration.fileSystemId', efs.fileSystemId);
  requireOneOf('transitEncryption', efs.transitEncryption, Object.values(EFSTransitEncryption));
  requireOneOf('iam', efs.authorizationConfig?.iam, Object.values(EFSAuthorizationConfigIAM));
  requireInteger('transitEncryptionPort', efs.transitEncryptionPort, { min: 1, max: 65_535 });
  const isEncrypted = efs.transitEncryption === 'ENABLED';
  if (efs.authorizationConfig?.iam === 'ENABLED' && !isEncrypted)
    throw clientError('EFS IAM authorization requires TransitEncryption to be enabled.');
  if (efs.transitEncryptionPort !== undefined && !isEncrypted)
    throw clientError('TransitEncryptionPort requires that TransitEncryption is enabled.');
  const accessPoint = efs.authorizationConfig?.accessPointId;
  if (accessPoint === undefined) return;
  if (!isEncrypted) throw clientError('EFS access points require TransitEncryption to be enabled.');
  if (efs.rootDirectory !== undefined && efs.rootDirectory !== '/')
    throw clientError(
      'When using an EFS access point, the root directory must either be set to "/" or be omitted.',
    );
}

function validateS3Files(
  name: string,
  s3files: S3FilesVolumeConfiguration,
  { taskRoleArn }: StoredTaskDefinition,
): void {
  requireText('S3FilesVolumeConfiguration.fileSystemArn', s3files.fileSystemArn);
  requireInteger('transitEncryptionPort', s3files.transitEncryptionPort, { min: 1, max: 65_535 });
  if (taskRoleArn === undefined)
    throw clientError(`Volume '${name}' is an S3 Files volume, which requires a value for 'taskRoleArn'.`);
  const { accessPointArn, rootDirectory } = s3files;
  if (accessPointArn !== undefined && rootDirectory !== undefined && rootDirectory !== '/')
    throw clientError(
      'When using an S3 Files access point, the root directory must either be set to "/" or be omitted.',
    );
}
