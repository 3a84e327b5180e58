import { signerOf } from '../../gateway/testing/signing.ts';

/** As `aws eks get-token` makes one for a cluster. */
export async function eksToken(
  clusterName: string,
  region: string,
  key: { readonly accessKeyId: string; readonly secretAccessKey: string },
  at = Date.now(),
): Promise<string> {
  const host = `sts.${region}.amazonaws.com`;
  const signed = await signerOf('sts', key, region).presign(
    {
      ...{ method: 'GET', protocol: 'https:', hostname: host, path: '/' },
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host, 'x-k8s-aws-id': clusterName },
    },
    { expiresIn: 60, signingDate: new Date(at), unhoistableHeaders: new Set(['x-k8s-aws-id']) },
  );
  const query = new URLSearchParams(signed.query as Record<string, string>);
  return `k8s-aws-v1.${Buffer.from(`https://${host}/?${query}`).toString('base64url')}`;
}
