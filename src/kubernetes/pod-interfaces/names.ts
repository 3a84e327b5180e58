/** Of the Amazon VPC resource controller. */
export const resourcesGroup = 'vpcresources.k8s.aws';

/** What a pod asks of a node to have an interface of its own, and where it is told which one that is. */
export const podEni = 'vpc.amazonaws.com/pod-eni';

/** Where a pod on Fargate is told the groups of its node's interface. */
export const fargateGroups = 'fargate.amazonaws.com/pod-sg';

/** The ServiceAccount in kube-system by which it writes. */
export const resourceController = 'eks-vpc-resource-controller';
