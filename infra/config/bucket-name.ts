const reservedPrefixes = ['xn--', 'sthree-', 'amzn-s3-demo-'];

/** Access point aliases, Object Lambda, multi-region access points, directory buckets, table buckets. */
const reservedSuffixes = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'];

/**
 * Why a text cannot be the name of a general purpose bucket, or `undefined`. S3's own rules, so that a name that can
 * never exist stops the packaging and not the first upload.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export const bucketNameFault = (name: string): string | undefined => {
  if (name.length < 3 || name.length > 63) return 'a bucket name has 3 to 63 characters';
  if (!/^[a-z0-9.-]+$/.test(name))
    return 'a bucket name has lower-case letters, digits, dots and hyphens only';
  if (!/^[a-z0-9].*[a-z0-9]$/.test(name)) return 'a bucket name starts and ends with a letter or a digit';
  if (name.includes('..')) return 'a bucket name has no two dots in a row';
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(name)) return 'a bucket name is not an IP address';
  const prefix = reservedPrefixes.find((reserved) => name.startsWith(reserved));
  if (prefix !== undefined) return `S3 reserves bucket names that start with ${prefix}`;
  const suffix = reservedSuffixes.find((reserved) => name.endsWith(reserved));
  return suffix === undefined ? undefined : `S3 reserves bucket names that end in ${suffix}`;
};
