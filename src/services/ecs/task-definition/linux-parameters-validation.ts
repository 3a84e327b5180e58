import {
  type ContainerDefinition,
  DeviceCgroupPermission,
  type LinuxParameters,
  UlimitName,
} from '@aws-sdk/client-ecs';
import { invalidSetting, requireInteger, requireOneOf, requireText } from './field-rules.ts';

/** What Linux gives a container beyond Docker's defaults. @throws ClientException */
export function validateLinuxParameters(container: ContainerDefinition, parameters: LinuxParameters): void {
  for (const capability of [
    ...(parameters.capabilities?.add ?? []),
    ...(parameters.capabilities?.drop ?? []),
  ])
    requireOneOf(`capabilities of container '${container.name}'`, capability, linuxCapabilities);
  for (const device of parameters.devices ?? []) {
    requireText('Device.hostPath', device.hostPath);
    for (const permission of device.permissions ?? [])
      requireOneOf('Device.permissions', permission, Object.values(DeviceCgroupPermission));
  }
  for (const tmpfs of parameters.tmpfs ?? []) {
    requireText('Tmpfs.containerPath', tmpfs.containerPath);
    requireInteger('Tmpfs.size', tmpfs.size, { min: 1 });
    // `mode`, `uid` and their like carry a value: `mode=1777`.
    for (const option of tmpfs.mountOptions ?? [])
      requireOneOf('Tmpfs.mountOptions', option.replace(/=.*$/, ''), tmpfsMountOptions);
  }
  requireInteger('sharedMemorySize', parameters.sharedMemorySize, { min: 1 });
  requireInteger('maxSwap', parameters.maxSwap, { min: 0 });
  requireInteger('swappiness', parameters.swappiness, { min: 0, max: 100 });
}

/** @throws ClientException */
export function validateUlimits(container: ContainerDefinition): void {
  for (const { name, softLimit, hardLimit } of container.ulimits ?? []) {
    requireOneOf('Ulimit.name', name, Object.values(UlimitName));
    // -1 is no limit, so it is the highest.
    const soft = softLimit === -1 ? Number.POSITIVE_INFINITY : (softLimit ?? 0);
    const hard = hardLimit === -1 ? Number.POSITIVE_INFINITY : (hardLimit ?? 0);
    requireInteger(`softLimit of ulimit '${name}'`, softLimit, { min: -1 });
    requireInteger(`hardLimit of ulimit '${name}'`, hardLimit, { min: -1 });
    if (soft > hard)
      throw invalidSetting(
        container.name,
        `The softLimit ${softLimit} of ulimit '${name}' must be less than or equal to its hardLimit ${hardLimit}.`,
      );
  }
}

const ipcSysctls: ReadonlySet<string> = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]);

/**
 * Only sysctls that belong to a namespace of the task's own can be set for it.
 * @throws ClientException
 */
export function validateSystemControls(
  container: ContainerDefinition,
  {
    networkMode,
    ipcMode,
  }: { readonly networkMode: string | undefined; readonly ipcMode: string | undefined },
): void {
  for (const { namespace, value } of container.systemControls ?? []) {
    requireText('SystemControl.namespace', namespace);
    requireText('SystemControl.value', value);
    const name = namespace ?? '';
    const isNetwork = name.startsWith('net.');
    const isIpc = ipcSysctls.has(name) || name.startsWith('fs.mqueue.');
    if (!isNetwork && !isIpc)
      throw invalidSetting(container.name, `System control '${name}' is not a namespaced kernel parameter.`);
    if (isNetwork && networkMode === 'host')
      throw invalidSetting(
        container.name,
        `System control '${name}' is not supported when networkMode=host.`,
      );
    if (isIpc && ipcMode === 'host')
      throw invalidSetting(container.name, `System control '${name}' is not supported when ipcMode=host.`);
  }
}

const linuxCapabilities: readonly string[] = [
  'ALL',
  'AUDIT_CONTROL',
  'AUDIT_WRITE',
  'BLOCK_SUSPEND',
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'IPC_LOCK',
  'IPC_OWNER',
  'KILL',
  'LEASE',
  'LINUX_IMMUTABLE',
  'MAC_ADMIN',
  'MAC_OVERRIDE',
  'MKNOD',
  'NET_ADMIN',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_RAW',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_CHROOT',
  'SYS_MODULE',
  'SYS_NICE',
  'SYS_PACCT',
  'SYS_PTRACE',
  'SYS_RAWIO',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'SYSLOG',
  'WAKE_ALARM',
];

const tmpfsMountOptions: readonly string[] = [
  'defaults',
  'ro',
  'rw',
  'suid',
  'nosuid',
  'dev',
  'nodev',
  'exec',
  'noexec',
  'sync',
  'async',
  'dirsync',
  'remount',
  'mand',
  'nomand',
  'atime',
  'noatime',
  'diratime',
  'nodiratime',
  'bind',
  'rbind',
  'unbindable',
  'runbindable',
  'private',
  'rprivate',
  'shared',
  'rshared',
  'slave',
  'rslave',
  'relatime',
  'norelatime',
  'strictatime',
  'nostrictatime',
  'mode',
  'uid',
  'gid',
  'nr_inodes',
  'nr_blocks',
  'mpol',
];
