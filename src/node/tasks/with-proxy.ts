import { MalformedError } from '../reading.ts';
import { proxyDirectory } from '../service-connect/proxy-config.ts';
import type { ProxyPlan } from '../service-connect/proxy-plan.ts';
import { proxyDirectoryOf } from '../service-connect/task-proxy.ts';
import type { PlannedContainer } from './plan.ts';

/**
 * A container of a task with Service Connect. The proxy is there before all others and after them; it is this agent's
 * own program, so it runs as any container would wherever the task's own are separated from the machine.
 * @throws {MalformedError} this agent has no proxies.
 */
export function withProxy(
  container: PlannedContainer,
  proxy: ProxyPlan,
  taskId: string,
  directory: string | undefined,
): PlannedContainer {
  if (directory === undefined)
    throw new MalformedError('Service Connect is not offered here: HAProxy is not installed on the machine');
  if (container.name !== proxy.containerName)
    return {
      ...container,
      dependencies: [
        ...container.dependencies.filter(({ on }) => on !== proxy.containerName),
        { on: proxy.containerName, condition: 'START' },
      ],
    };
  const { isolation: _isolation, ...spec } = container.spec;
  return {
    ...container,
    proxy,
    spec: {
      ...spec,
      isReadonlyRootFilesystem: true,
      capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
      securityOptions: ['no-new-privileges'],
      mounts: [
        {
          type: 'bind',
          source: proxyDirectoryOf(directory, taskId),
          target: proxyDirectory,
          isReadOnly: false,
        },
      ],
    },
  };
}
