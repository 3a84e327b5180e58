import { installationLabel, instanceLabel } from '../labels.ts';

/** On everything that the kubelet of an instance makes in the engine. */
export const nodeLabels = (installationId: string, instanceId: string): Readonly<Record<string, string>> => ({
  ...{ [installationLabel]: installationId, [instanceLabel]: instanceId },
});
