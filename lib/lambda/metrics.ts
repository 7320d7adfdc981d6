/** Counts something. `name` stands in docs/operations.md. */
export type Metric = (name: string, value: number) => void;

export interface MetricOptions {
  readonly namespace: string;
  /** The one dimension, `function`. */
  readonly functionName: string;
  nowMs(): number;
  /** Default: a line on standard output, past the console, which Lambda would wrap. */
  readonly write?: (line: string) => void;
}

const toStandardOutput = (line: string): void => {
  process.stdout.write(line);
};

/**
 * Metrics as log lines in CloudWatch's Embedded Metric Format: no call, no permission, no package; CloudWatch Logs makes
 * the metric. One document per value.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export const embeddedMetric =
  ({ namespace, functionName, nowMs, write = toStandardOutput }: MetricOptions): Metric =>
  (name, value) => {
    const directive = {
      Namespace: namespace,
      Dimensions: [['function']],
      Metrics: [{ Name: name, Unit: 'Count' }],
    };
    const metadata = { Timestamp: nowMs(), CloudWatchMetrics: [directive] };
    write(`${JSON.stringify({ _aws: metadata, function: functionName, [name]: value })}\n`);
  };
