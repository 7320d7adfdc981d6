/**
 * US dollars, region us-east-1, on demand and without free tiers. One place to bring up to date: everything that names a price
 * reads it here.
 */
export const prices = {
  /** When they were last compared with AWS's price pages. */
  asOf: '2026-11-22',
  region: 'us-east-1',
  s3: {
    /** PUT, COPY, POST and LIST; deletes and aborts are free. */
    perThousandWrites: 0.005,
    /** GET and HEAD. */
    perThousandReads: 0.0004,
  },
  s3Express: {
    perThousandWrites: 0.00113,
    perThousandReads: 0.00003,
    perGigabyteUploaded: 0.0032,
    perGigabyteRead: 0.0006,
  },
  dynamodb: { perMillionWriteUnits: 0.625, perMillionReadUnits: 0.125 },
  lambda: { perGigabyteSecond: 0.0000133334, perMillionInvocations: 0.2 },
  loadBalancer: {
    perHour: 0.0225,
    perCapacityUnitHour: 0.008,
    /** Processed bytes of one capacity unit hour, for Lambda targets. */
    gigabytesPerCapacityUnitHour: 0.4,
    perPublicAddressHour: 0.005,
    /** One for each of two Availability Zones. */
    publicAddresses: 2,
  },
} as const;
