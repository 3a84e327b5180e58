import { controlPlane } from '../apiserver/admission/chain.ts';
import { fargateSchedulerName } from '../apiserver/admission/fargate.ts';
import type { WriterIdentity } from '../controllers/writer.ts';

/** As whom EKS's Fargate controllers write. */
export const fargateIdentity: WriterIdentity = {
  by: {
    ...controlPlane,
    user: { username: 'eks:fargate-scheduler', groups: ['system:authenticated'] },
  },
  program: fargateSchedulerName,
};
