/**
 * Instance types by how many interfaces they have and how many IPv4 addresses an interface has: `type=vCPUs/GiB` (EC2
 * user guide, "IP addresses per network interface per instance type", and the instance types' own pages).
 */
export const shapes: readonly (readonly [
  maxInterfaces: number,
  ipv4PerInterface: number,
  types: readonly string[],
])[] = [
  [
    2,
    2,
    [
      't2.nano=1/0.5 t2.micro=1/1 t3.nano=2/0.5 t3.micro=2/1 t3a.nano=2/0.5 t3a.micro=2/1 t4g.nano=2/0.5',
      't4g.micro=2/1',
    ],
  ],
  [
    2,
    4,
    [
      't3a.small=2/2 m6g.medium=1/4 m7a.medium=1/4 m7g.medium=1/4 m8g.medium=1/4 c6g.medium=1/2',
      'c7g.medium=1/2 r6g.medium=1/8 x2gd.medium=1/16 a1.medium=1/2',
    ],
  ],
  [4, 3, ['d3.xlarge=4/32']],
  [3, 4, ['t2.small=1/2 t3.small=2/2 t4g.small=2/2']],
  [3, 6, ['t2.medium=2/4 t3.medium=2/4 t3a.medium=2/4 t4g.medium=2/4']],
  [2, 10, ['m4.large=2/8']],
  [
    3,
    10,
    [
      'm5.large=2/8 m5a.large=2/8 m5d.large=2/8 m5n.large=2/8 m6i.large=2/8 m6a.large=2/8 m6g.large=2/8',
      'm7i.large=2/8 m7a.large=2/8 m7g.large=2/8 m7i-flex.large=2/8 m8g.large=2/8 c5.large=2/4',
      'c5a.large=2/4 c5n.large=2/5.25 c6i.large=2/4 c6a.large=2/4 c6g.large=2/4 c7i.large=2/4 c7g.large=2/4',
      'c8g.large=2/4 r5.large=2/16 r5a.large=2/16 r6i.large=2/16 r6g.large=2/16 r7i.large=2/16',
      'r7g.large=2/16 a1.large=2/4 i4i.large=2/16 z1d.large=2/16 g4dn.xlarge=4/16 g4dn.2xlarge=8/32',
      'g4dn.4xlarge=16/64 c4.large=2/3.75 r4.large=2/15.25 i3.large=2/15.25',
    ],
  ],
  [3, 12, ['t2.large=2/8 t3.large=2/8 t3a.large=2/8 t4g.large=2/8']],
  [4, 10, ['inf1.xlarge=4/8']],
  [3, 15, ['t2.xlarge=4/16 t2.2xlarge=8/32']],
  [
    4,
    15,
    [
      't3.xlarge=4/16 t3.2xlarge=8/32 t3a.xlarge=4/16 t3a.2xlarge=8/32 t4g.xlarge=4/16 t4g.2xlarge=8/32',
      'm5.xlarge=4/16 m5.2xlarge=8/32 m5a.xlarge=4/16 m5a.2xlarge=8/32 m6i.xlarge=4/16 m6i.2xlarge=8/32',
      'm6a.xlarge=4/16 m6g.xlarge=4/16 m6g.2xlarge=8/32 m7i.xlarge=4/16 m7i.2xlarge=8/32 m7g.xlarge=4/16',
      'm7g.2xlarge=8/32 m7i-flex.xlarge=4/16 m8g.xlarge=4/16 c5.xlarge=4/8 c5.2xlarge=8/16 c6i.xlarge=4/8',
      'c6i.2xlarge=8/16 c6g.xlarge=4/8 c7i.xlarge=4/8 c7i.2xlarge=8/16 c7g.xlarge=4/8 r5.xlarge=4/32',
      'r5.2xlarge=8/64 r6i.xlarge=4/32 r6g.xlarge=4/32 i4i.xlarge=4/32 g5.xlarge=4/16 g5.2xlarge=8/32',
      'g6.xlarge=4/16 g6.2xlarge=8/32 inf2.xlarge=4/16 trn1.2xlarge=8/32 m4.xlarge=4/16 m4.2xlarge=8/32',
      'i3.xlarge=4/30.5 p3.2xlarge=8/61',
    ],
  ],
  [2, 50, ['p5.48xlarge=192/2048']],
  [
    8,
    30,
    [
      'm5.4xlarge=16/64 m6i.4xlarge=16/64 m6g.4xlarge=16/64 m7i.4xlarge=16/64 m7g.4xlarge=16/64',
      'c5.4xlarge=16/32 c6i.4xlarge=16/32 r5.4xlarge=16/128 g5.4xlarge=16/64 m5.8xlarge=32/128',
      'm5.12xlarge=48/192 m6i.8xlarge=32/128 m6i.12xlarge=48/192 m6g.8xlarge=32/128 m6g.12xlarge=48/192',
      'm7i.8xlarge=32/128 c5.9xlarge=36/72 c5.12xlarge=48/96 r5.8xlarge=32/256 r5.12xlarge=48/384',
      'g4dn.12xlarge=48/192 p3.8xlarge=32/244 p3.16xlarge=64/488',
    ],
  ],
  [5, 50, ['trn1.32xlarge=128/512']],
  [7, 50, ['g5.48xlarge=192/768']],
  [
    15,
    50,
    [
      'm5.16xlarge=64/256 m5.24xlarge=96/384 m5.metal=96/384 m6i.16xlarge=64/256 m6i.24xlarge=96/384',
      'm6i.32xlarge=128/512 m6g.16xlarge=64/256 m7i.16xlarge=64/256 m7i.48xlarge=192/768 c5.18xlarge=72/144',
      'c5.24xlarge=96/192 r5.16xlarge=64/512 r5.24xlarge=96/768 g5.12xlarge=48/192 p3dn.24xlarge=96/768',
      'p4d.24xlarge=96/1152',
    ],
  ],
];
