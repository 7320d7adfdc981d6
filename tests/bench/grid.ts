const mebibyte = 2 ** 20;

/** Larger than every fragment of the grid; the front door lets as much through. */
export const maxFragmentBytes = 16_000_000;

/** What is the same for all contenders that are compared. */
export interface Cell {
  readonly fragmentBytes: number;
  readonly fileBytes: number;
  readonly clients: number;
  /** Whether the services take the time that they take in AWS. */
  readonly isLatencySimulated: boolean;
}

export const fullGrid = {
  fragmentBytes: [64 * 1024, 256 * 1024, 1_000_000, 5 * mebibyte, 13_000_000],
  fileBytes: [10 * mebibyte, 256 * mebibyte, 1024 * mebibyte],
  clients: [1, 8, 32],
} as const;
