/** What one upload asks of AWS. */
export interface Counts {
  /** PUT, COPY, POST and LIST. */
  readonly s3Writes: number;
  /** GET and HEAD. */
  readonly s3Reads: number;
  /** Deletes and aborts, which are not billed. */
  readonly s3Deletes: number;
  readonly s3BytesWritten: number;
  readonly s3BytesRead: number;
  readonly dynamodbWriteUnits: number;
  readonly dynamodbReadUnits: number;
  readonly invocations: number;
  /** Of all invocations, as Lambda bills it. */
  readonly billedMs: number;
  /** Through the load balancer, both ways. */
  readonly loadBalancerBytes: number;
  /** Of S3 Express One Zone; 0 for who does not use it. */
  readonly expressWrites: number;
  readonly expressBytesWritten: number;
  readonly expressBytesRead: number;
}

/** An upload whose cost is asked for. */
export interface UploadShape {
  /** At least 1. */
  readonly fileBytes: number;
  readonly fragmentBytes: number;
}

const nothing: Counts = {
  s3Writes: 0,
  s3Reads: 0,
  s3Deletes: 0,
  s3BytesWritten: 0,
  s3BytesRead: 0,
  dynamodbWriteUnits: 0,
  dynamodbReadUnits: 0,
  invocations: 0,
  billedMs: 0,
  loadBalancerBytes: 0,
  expressWrites: 0,
  expressBytesWritten: 0,
  expressBytesRead: 0,
};

export const countNames = Object.keys(nothing).filter((name): name is keyof Counts =>
  Object.hasOwn(nothing, name),
);

/** The sum of some counts, those that are not named being nothing. */
export const addUp = (all: Iterable<Partial<Counts>>): Counts => {
  const sum: Record<keyof Counts, number> = { ...nothing };
  for (const counts of all) for (const name of countNames) sum[name] += counts[name] ?? 0;
  return sum;
};

export const times = (counts: Counts, factor: number): Counts => {
  const product: Record<keyof Counts, number> = { ...nothing };
  for (const name of countNames) product[name] = counts[name] * factor;
  return product;
};

/** Head of a request and of its answer, as load balancers count them. */
const headBytes = 1_000;

/** One invocation behind the load balancer: its body, and how long it waits for services. */
export const invocation = (bodyBytes: number, billedMs: number): Partial<Counts> => ({
  invocations: 1,
  billedMs,
  loadBalancerBytes: bodyBytes + headBytes,
});

/** The fragments of a file, as `[from, end)`. */
export function* fragmentsOf({
  fileBytes,
  fragmentBytes,
}: UploadShape): Generator<{ readonly from: number; readonly end: number }> {
  for (let from = 0; from < fileBytes; from += fragmentBytes) {
    yield { from, end: Math.min(from + fragmentBytes, fileBytes) };
  }
}
