import { DescribeStepCommand, type EMRClient, paginateListSteps } from '@aws-sdk/client-emr';
import type { Steps } from './step';

/** Steps that are looked through for one's own: it was added not long ago, and EMR gives 50 at once, the newest first. */
const furthestBack = 1000;

/** The steps of a cluster of EMR on EC2. */
export function emrSteps(client: EMRClient, clusterId: string): Steps {
  return {
    async newestWith(argument) {
      let seen = 0;
      for await (const { Steps: steps = [] } of paginateListSteps({ client }, { ClusterId: clusterId })) {
        const found = steps.find(({ Config }) => Config?.Args?.includes(argument));
        seen += steps.length;
        if (found !== undefined || seen >= furthestBack) return found?.Id;
      }
      return undefined;
    },
    async stateOf(id) {
      const { Step } = await client.send(new DescribeStepCommand({ ClusterId: clusterId, StepId: id }));
      return Step!.Status!.State!;
    },
  };
}
