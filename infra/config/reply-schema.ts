import { isIP } from 'node:net';
import { z } from 'zod';
import { isRelative, type ReplyApplication } from '../../lib/access/reply-application.ts';
import { isPublicAddress } from '../../lib/reply/address-guard.ts';
import { destinationBounds, replyDefaults } from './defaults.ts';
import { byteCount, checked, expected, seconds } from './fields.ts';
import { formatCount } from './quantities.ts';
import { didYouMean } from './suggest.ts';

const { maxReplyBytes, maxReplyTimeoutSeconds, maxUrlLength } = destinationBounds;

const functionFaults = (arn: string): readonly string[] =>
  /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(?::[\w$-]+)?$/.test(arn)
    ? []
    : ['not the ARN of a function, of one of its aliases or versions'];

const urlFaults = (url: string): readonly string[] => {
  if (url === '' || !/^[\x21-\x7e]+$/.test(url)) return ['a URL has printable characters only, and no space'];
  if (url.length > maxUrlLength) return [`longer than ${formatCount(maxUrlLength)} characters`];
  if (url.includes('#')) return ['a URL to be called has no fragment identifier'];
  if (!URL.canParse(url, 'https://relative.test/')) return ['not a URL'];
  if (new URL(url, 'https://relative.test/').username !== '') return ['credentials belong into secret'];
  return isRelative(url) && url.startsWith('//') ? ['a URL without a scheme, but with a host'] : [];
};

const hostFaults = (host: string): readonly string[] =>
  URL.canParse(`https://${host}/`) && new URL(`https://${host}/`).hostname === host
    ? []
    : ['not a host name in lower case or an address, without a port'];

/** As a URL says its host: without the port where that is the scheme's own. */
const hostAndPortFaults = (host: string): readonly string[] =>
  URL.canParse(`https://${host}/`) && new URL(`https://${host}/`).host === host
    ? []
    : ['not a host name in lower case or an address, with its port unless that is 443'];

const hostNames = (faults: typeof hostFaults) =>
  z.array(checked('a host name', faults), { error: expected('a list of host names') });

const wholeSecretArn = /^arn:aws[\w-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/;

const secretFaults = (address: string): readonly string[] => {
  const [, scheme, name = ''] = /^(secretsmanager|ssm|file):(.+)$/.exec(address) ?? [];
  if (scheme === undefined) return ['not secretsmanager:ARN, ssm:NAME or file:PATH'];
  return scheme !== 'secretsmanager' || wholeSecretArn.test(name)
    ? []
    : ['not the whole ARN of a secret, which ends with - and six characters'];
};

const shape = {
  kind: z.enum(['lambda', 'http'], { error: expected('lambda or http') }),
  function: checked('the ARN of a Lambda function', functionFaults).optional(),
  url: checked('a URL, absolute or relative to the upload', urlFaults).optional(),
  mode: z.enum(['by-reference', 'by-value'], { error: expected('by-reference or by-value') }).optional(),
  timeout: seconds().optional(),
  maximumReplySize: byteCount().optional(),
  hosts: hostNames(hostAndPortFaults).optional(),
  privateHosts: hostNames(hostFaults).optional(),
  secret: checked('secretsmanager:ARN', secretFaults).optional(),
};

const httpKeys = ['url', 'mode', 'hosts', 'privateHosts', 'secret'] as const;
const known: readonly string[] = Object.keys(shape);

const notPublic = (hostname: string) =>
  `${hostname} is no address of the public internet, and is called only where privateHosts names it`;

type Entry = z.output<z.ZodObject<typeof shape>>;

/** Whether a host, as a URL writes it, is an address that no application is called at unless `privateHosts` names it. */
const isPrivateAddress = (hostname: string): boolean => {
  const address = hostname.replace(/^\[|\]$/g, '');
  return isIP(address) !== 0 && !isPublicAddress(address);
};

/** Keys that do not fit together, and amounts out of bounds. */
const problems = (entry: Entry): readonly (readonly [key: string, message: string])[] => {
  const found: [string, string][] = [];
  const timeout = entry.timeout ?? replyDefaults.timeoutSeconds;
  if (timeout < 1 || timeout > maxReplyTimeoutSeconds)
    found.push(['timeout', `must be from 1 to ${maxReplyTimeoutSeconds} seconds: the client waits for it`]);
  if ((entry.maximumReplySize ?? 0) > maxReplyBytes)
    found.push(['maximumReplySize', `more than ${formatCount(maxReplyBytes)} bytes`]);
  if (entry.kind === 'lambda') {
    if (entry.function === undefined) found.push(['function', 'required with kind: lambda']);
    for (const key of httpKeys) if (entry[key] !== undefined) found.push([key, 'only with kind: http']);
    return found;
  }
  const { url, hosts = [], privateHosts = [] } = entry;
  if (entry.function !== undefined) found.push(['function', 'only with kind: lambda']);
  if (url === undefined) return [...found, ['url', 'required with kind: http']];
  if (isRelative(url)) {
    if (hosts.length === 0)
      found.push(['hosts', 'required with a relative url: the host names that clients may use']);
    for (const [index, host] of hosts.entries()) {
      const { hostname } = new URL(`https://${host}/`);
      if (isPrivateAddress(hostname) && !privateHosts.includes(hostname))
        found.push([`hosts[${index}]`, notPublic(hostname)]);
    }
    return found;
  }
  if (hosts.length > 0) found.push(['hosts', 'only with a relative url']);
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:' && !(protocol === 'http:' && privateHosts.includes(hostname)))
    found.push(['url', `must begin with https://, unless privateHosts names ${hostname}`]);
  else if (isPrivateAddress(hostname) && !privateHosts.includes(hostname))
    found.push(['url', notPublic(hostname)]);
  return found;
};

const compile = (entry: Entry): ReplyApplication => {
  const terms = {
    timeoutSeconds: entry.timeout ?? replyDefaults.timeoutSeconds,
    maximumReplyBytes: entry.maximumReplySize ?? replyDefaults.maximumReplyBytes,
  };
  return entry.kind === 'lambda'
    ? { kind: 'lambda', function: entry.function ?? '', ...terms }
    : {
        kind: 'http',
        url: entry.url ?? '',
        mode: entry.mode ?? replyDefaults.mode,
        hosts: entry.hosts ?? [],
        privateHosts: entry.privateHosts ?? [],
        secret: entry.secret ?? null,
        ...terms,
      };
};

/** The `reply` of a destination: an application of either kind, with nothing that belongs to the other one. */
export const replySchema = z
  .looseObject(shape, { error: expected('a mapping with kind: lambda or kind: http') })
  .transform((entry, context): ReplyApplication => {
    const strangers = Object.keys(entry).filter((key) => !known.includes(key));
    const all = [
      ...strangers.map((key) => [key, `unknown key${didYouMean(key, known)}`] as const),
      ...problems(entry),
    ];
    for (const [key, message] of all) context.addIssue({ code: 'custom', message, path: [key] });
    return Object.freeze(compile(entry));
  });
