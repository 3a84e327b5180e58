/** Who makes the volumes of machines: the provisioner of classes, and the CSI driver of volumes. */
export const localDriver = 'local.csi.catamaran';

/** A node's label: the machine that it is a slice of. Where a volume is, in the words of its node affinity. */
export const machineLabel = 'topology.local.csi.catamaran/machine';
