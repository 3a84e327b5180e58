import type { EC2 } from '@aws-sdk/client-ec2';
import type { OperationsOf } from '../../service.ts';
import { ec2Authorization } from '../authorization/rows.ts';
import type { Ec2Context } from '../context.ts';
import {
  attachInternetGateway,
  createInternetGateway,
  deleteInternetGateway,
  describeInternetGateways,
  detachInternetGateway,
} from './internet-gateway.ts';

type InternetGatewayOperation =
  | 'AttachInternetGateway'
  | 'CreateInternetGateway'
  | 'DeleteInternetGateway'
  | 'DescribeInternetGateways'
  | 'DetachInternetGateway';

interface Attachment {
  readonly InternetGatewayId: string | undefined;
  readonly VpcId: string | undefined;
}

/** The operations on internet gateways. */
export function internetGatewayOperations(
  ec2: Ec2Context,
): Pick<OperationsOf<EC2>, InternetGatewayOperation> {
  const may = ec2Authorization(ec2.state);
  const onBoth = may.on<Attachment>(({ InternetGatewayId, VpcId }) => [
    ['vpc', VpcId],
    ['internet-gateway', InternetGatewayId],
  ]);
  return {
    CreateInternetGateway: {
      action: 'ec2:CreateInternetGateway',
      ...may.creating('CreateInternetGateway', 'internet-gateway'),
      run: (input, call) => createInternetGateway(ec2, input, call),
    },
    AttachInternetGateway: {
      action: 'ec2:AttachInternetGateway',
      ...onBoth,
      run: (input, call) => attachInternetGateway(ec2, input, call),
    },
    DetachInternetGateway: {
      action: 'ec2:DetachInternetGateway',
      ...onBoth,
      run: (input, call) => detachInternetGateway(ec2, input, call),
    },
    DeleteInternetGateway: {
      action: 'ec2:DeleteInternetGateway',
      ...may.on<Pick<Attachment, 'InternetGatewayId'>>(({ InternetGatewayId }) => [
        ['internet-gateway', InternetGatewayId],
      ]),
      run: (input, call) => deleteInternetGateway(ec2, input, call),
    },
    DescribeInternetGateways: {
      action: 'ec2:DescribeInternetGateways',
      ...may.everything,
      run: (input, call) => describeInternetGateways(ec2, input, call),
    },
  };
}
