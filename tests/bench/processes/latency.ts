/**
 * The time that services take in AWS and not on one machine, as the issue of this benchmark gives them. Everything else (the
 * load balancer, the way to it) is the same for every server.
 */
export interface ServiceLatency {
  readonly s3CallMs: number;
  readonly s3BytesPerMs: number;
  readonly dynamodbCallMs: number;
}

export const simulatedLatency: ServiceLatency = {
  s3CallMs: 25,
  s3BytesPerMs: 80_000,
  dynamodbCallMs: 4,
};
