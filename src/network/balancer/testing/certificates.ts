import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertificateChain } from '../balancer.ts';

/** A certificate for a name that vouches for itself. */
export function certificateFor(name: string): CertificateChain {
  const directory = mkdtempSync(join(tmpdir(), 'catamaran-certificate-'));
  const path = (file: string): string => join(directory, file);
  try {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', ...key, '-days', '2', '-subj', `/CN=${name}`],
        ...['-addext', `subjectAltName=DNS:${name}`, '-keyout', path('key'), '-out', path('chain')],
      ],
      { stdio: 'ignore', timeout: 20_000 },
    );
    return { chain: readFileSync(path('chain'), 'utf8'), privateKey: readFileSync(path('key'), 'utf8') };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
