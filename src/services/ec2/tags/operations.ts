import type { CreateTagsCommandInput, DeleteTagsCommandInput, EC2 } from '@aws-sdk/client-ec2';
import { authorizationOf, requestTagKeys } from '../../authorization-row.ts';
import type { OperationsOf } from '../../service.ts';
import { resourceArn } from '../arn.ts';
import { tagKeys } from '../authorization/resource-keys.ts';
import { ec2Authorization, type Named } from '../authorization/rows.ts';
import type { Ec2Context } from '../context.ts';
import { kindOfId } from '../ids.ts';
import { tagRecord } from '../input/tags.ts';
import { createTags, deleteTags, describeTags } from './tags.ts';

type TagOperation = 'CreateTags' | 'DeleteTags' | 'DescribeTags';

export function tagOperations(ec2: Ec2Context): Pick<OperationsOf<EC2>, TagOperation> {
  const may = ec2Authorization(ec2.state);
  return {
    CreateTags: {
      action: 'ec2:CreateTags',
      ...may.on<CreateTagsCommandInput>(resources, ({ Tags }) => requestTagKeys(tagRecord(Tags))),
      run: (input, call) => createTags(ec2, input, call),
    },
    DeleteTags: {
      action: 'ec2:DeleteTags',
      ...authorizationOf<DeleteTagsCommandInput>({
        on: (input, call) => resources(input).map(([type, id = '*']) => resourceArn(call, type, id)),
        keys: [
          (_input, call, arn) => tagKeys(ec2.state, call, arn),
          ({ Tags }) => requestTagKeys(tagRecord(Tags)),
        ],
      }),
      run: (input, call) => deleteTags(ec2, input, call),
    },
    DescribeTags: {
      action: 'ec2:DescribeTags',
      ...may.everything,
      run: (input, call) => describeTags(ec2, input, call),
    },
  };
}

/** Ids that are of no kind are refused whoever asks: any VPC stands for them. */
function resources({ Resources = [] }: { readonly Resources: readonly string[] | undefined }): Named[] {
  const named = Resources.map((id): Named => {
    const kind = kindOfId(id);
    return kind === undefined ? ['vpc', undefined] : [kind.type, id];
  });
  return named.length === 0 ? [['vpc', undefined]] : named;
}
