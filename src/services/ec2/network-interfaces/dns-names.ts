/** Amazon-provided host names (VPC user guide, "DNS attributes in your VPC"). */
export function privateDnsName(region: string, ipv4: string): string {
  return `ip-${ipv4.replaceAll('.', '-')}.${privateDomain(region)}`;
}

export function privateDomain(region: string): string {
  return region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
}

export function publicDnsName(region: string, ipv4: string): string {
  const domain = region === 'us-east-1' ? 'compute-1.amazonaws.com' : `${region}.compute.amazonaws.com`;
  return `ec2-${ipv4.replaceAll('.', '-')}.${domain}`;
}
