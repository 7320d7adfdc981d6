import type { Counts } from './counts.ts';
import { prices } from './prices.ts';
import { timing } from './timing.ts';

/** US dollars by service. Storage is not in it: bytes in staging live for seconds, and the file's own are whoever keeps them. */
export interface Bill {
  readonly s3: number;
  readonly s3Express: number;
  readonly dynamodb: number;
  readonly lambda: number;
  readonly loadBalancer: number;
  readonly total: number;
}

const gigabyte = 1e9;

/** What these counts cost. */
export const billOf = (counts: Counts): Bill => {
  const s3 =
    (counts.s3Writes * prices.s3.perThousandWrites + counts.s3Reads * prices.s3.perThousandReads) / 1_000;
  const s3Express =
    (counts.expressWrites * prices.s3Express.perThousandWrites) / 1_000 +
    (counts.expressBytesWritten * prices.s3Express.perGigabyteUploaded +
      counts.expressBytesRead * prices.s3Express.perGigabyteRead) /
      gigabyte;
  const dynamodb =
    (counts.dynamodbWriteUnits * prices.dynamodb.perMillionWriteUnits +
      counts.dynamodbReadUnits * prices.dynamodb.perMillionReadUnits) /
    1_000_000;
  const gigabyteSeconds = (counts.billedMs / 1_000) * (timing.memoryMegabytes / 1_024);
  const lambda =
    gigabyteSeconds * prices.lambda.perGigabyteSecond +
    (counts.invocations * prices.lambda.perMillionInvocations) / 1_000_000;
  const capacityUnitHours =
    counts.loadBalancerBytes / gigabyte / prices.loadBalancer.gigabytesPerCapacityUnitHour;
  const loadBalancer = capacityUnitHours * prices.loadBalancer.perCapacityUnitHour;
  return {
    s3,
    s3Express,
    dynamodb,
    lambda,
    loadBalancer,
    total: s3 + s3Express + dynamodb + lambda + loadBalancer,
  };
};

const hoursPerMonth = 730;

/** What stands there when nobody uploads: the load balancer and its addresses. */
export const idlePerMonth = (): number => {
  const { perHour, perPublicAddressHour, publicAddresses } = prices.loadBalancer;
  return hoursPerMonth * (perHour + perPublicAddressHour * publicAddresses);
};
