import { Sha256Node } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentialIdentity } from '@smithy/types';

/** Not moved into the URL: what binds a token to its cluster. */
const clusterHeader = 'x-k8s-aws-id';
const secondsToUse = 60;

/** The token of `aws eks get-token` for a cluster, as of `nowMs`: the presigned URL of a GetCallerIdentity, which is good for a minute to be shown, and then for 14 more. */
export async function eksToken(
  clusterName: string,
  region: string,
  credentials: AwsCredentialIdentity,
  nowMs: number,
): Promise<string> {
  const host = `sts.${region}.amazonaws.com`;
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256: Sha256Node });
  const signed = await signer.presign(
    new HttpRequest({
      ...{ method: 'GET', protocol: 'https:', hostname: host, path: '/' },
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host, [clusterHeader]: clusterName },
    }),
    {
      ...{ expiresIn: secondsToUse, signingDate: new Date(nowMs) },
      unhoistableHeaders: new Set([clusterHeader]),
    },
  );
  const query = new URLSearchParams(signed.query as Record<string, string>);
  return `k8s-aws-v1.${Buffer.from(`https://${host}/?${query}`).toString('base64url')}`;
}
