import {
  type CloudWatchLogsClient,
  paginateDescribeLogGroups,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';

export interface LogLine {
  /** `fragment`, `ping`: what the log group's name adds to the service's. */
  readonly functionName: string;
  readonly text: string;
}

/** What the functions of a service wrote down. */
export interface FunctionLogs {
  /** Everything since then, in no order between functions. What was written in the last seconds may be missing. */
  since(ms: number): Promise<readonly LogLine[]>;
  close(): void;
}

/** The log groups in CloudWatch of all functions whose names begin with `service-`. */
export const cloudWatchLogs = (client: CloudWatchLogsClient, service: string): FunctionLogs => ({
  async since(ms) {
    const prefix = `/aws/lambda/${service}-`;
    const lines: LogLine[] = [];
    for await (const { logGroups = [] } of paginateDescribeLogGroups(
      { client },
      { logGroupNamePrefix: prefix },
    )) {
      for (const { logGroupName = '' } of logGroups) {
        const functionName = logGroupName.slice(prefix.length);
        for await (const { events = [] } of paginateFilterLogEvents(
          { client },
          { logGroupName, startTime: ms },
        )) {
          lines.push(...events.map(({ message = '' }) => ({ functionName, text: message.trim() })));
        }
      }
    }
    return lines;
  },
  close: () => client.destroy(),
});
