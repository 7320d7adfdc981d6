import { parseArgs } from 'node:util';
import { writeIntoPage } from '../../infra/planning/page.ts';
import { bytesText, table } from '../../infra/planning/table.ts';
import type { AccessKind } from '../../lib/access/destination.ts';
import { mintTicket } from '../../lib/access/ticket/mint.ts';
import { memoryHarness, type TestRequest } from '../support/functions-harness.ts';
import { basicIdentityOf, newSigningKey, ticketIdentityOf } from '../support/identities.ts';
import { fragmentPacket, openSession, withHeaders } from '../support/packets.ts';
import { describeMachine } from './machine.ts';

/**
 * `npm run bench:identity -- [--rounds N] [--write]`: what knowing its caller adds to the processor time of a warm fragment. The
 * real function over stores in memory, the ways of being known in turn in one run, so that whatever else the machine does
 * meets all alike. `--write` puts the result into docs/performance.md. Exits with 1 if Basic adds more than `maxExtraMs`.
 */
const maxExtraMs = 0.2;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, write: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError('--rounds takes a whole number from 1');

const key = newSigningKey('bench');
const sizes = [
  { fragmentBytes: 5_120, fragmentsPerRound: 400 },
  { fragmentBytes: 1_000_000, fragmentsPerRound: 40 },
] as const;

const proofOf = async (kind: AccessKind): Promise<(packet: TestRequest) => TestRequest> => {
  if (kind === 'none') return (packet) => packet;
  const ticket = await mintTicket(key, {
    prefix: '/drop/',
    principal: 'alice',
    expiresInSeconds: 86_400,
    nowMs: 0,
  });
  const authorization =
    kind === 'ticket' ? `Bearer ${ticket}` : `Basic ${Buffer.from('alice:opensesame').toString('base64')}`;
  return (packet) => withHeaders(packet, { Authorization: authorization });
};

/** Processor time of one fragment in milliseconds, over a round of them; the session is warm and its caller known. */
const measure = async (
  kind: AccessKind,
  { fragmentBytes, fragmentsPerRound }: (typeof sizes)[number],
): Promise<number> => {
  const prove = await proofOf(kind);
  const harness = memoryHarness({
    destination: { access: [kind] },
    identities: { basic: basicIdentityOf({ alice: 'opensesame' }), ticket: ticketIdentityOf(() => 0, key) },
    clock: { nowMs: 1_000 },
  });
  const send = (packet: TestRequest) => harness.send(prove(packet));
  const session = await openSession({ send });
  const body = Buffer.alloc(fragmentBytes, 7);
  const total = (fragmentsPerRound + 3) * fragmentBytes;
  let sent = 0;
  const next = async (): Promise<void> => {
    const { status } = await send(fragmentPacket(session, sent++ * fragmentBytes, body, total));
    if (status !== 200) throw new Error(`a fragment was answered ${status}`);
  };
  await next();
  await next();
  const before = process.cpuUsage();
  for (let at = 0; at < fragmentsPerRound; at++) await next();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / fragmentsPerRound;
};

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const kinds = ['none', 'basic', 'ticket'] as const;
type Kind = (typeof kinds)[number];

/** Medians over all rounds, in milliseconds of processor time for a fragment. */
const measureAll = async (size: (typeof sizes)[number]): Promise<Readonly<Record<Kind, number>>> => {
  const times: Record<Kind, number[]> = { none: [], basic: [], ticket: [] };
  // The first round is the compiler's.
  for (let round = 0; round <= rounds; round++) {
    // Each in turn is the first, which a machine that gets slower would favour.
    for (const kind of [...kinds.slice(round % 3), ...kinds.slice(0, round % 3)]) {
      const ms = await measure(kind, size);
      if (round > 0) times[kind].push(ms);
    }
  }
  return { none: median(times.none), basic: median(times.basic), ticket: median(times.ticket) };
};

const rowsOf = (fragmentBytes: number, times: Readonly<Record<Kind, number>>): string[][] =>
  kinds.map((kind) => [
    bytesText(fragmentBytes),
    kind,
    times[kind].toFixed(3),
    (times[kind] - times.none).toFixed(3),
    (times[kind] / times.none).toFixed(2),
  ]);

const [small, large] = sizes;
const smallTimes = await measureAll(small);
const largeTimes = await measureAll(large);
// Judged where it is not lost in the noise of copying a megabyte: it does not depend on the body.
const extraMs = smallTimes.basic - smallTimes.none;
const isWithin = extraMs <= maxExtraMs;

const { date, processor, versions } = await describeMachine();
const report = [
  `${date}, ${processor}, node ${versions['node']}; medians of ${rounds} rounds. Basic, with fragments of ${bytesText(small.fragmentBytes)}: ${extraMs.toFixed(3)} ms more than without, at most ${maxExtraMs}: ${isWithin ? 'holds' : 'MISSED'}.`,
  table(
    ['fragments of', 'access', 'processor, ms', 'more, ms', '×'],
    [...rowsOf(small.fragmentBytes, smallTimes), ...rowsOf(large.fragmentBytes, largeTimes)],
    2,
  ),
].join('\n\n');
console.log(report);
if (values.write) {
  await writeIntoPage('performance.md', 'npm run bench:identity -- --write', report);
  console.log('\ndocs/performance.md is written');
}
if (!isWithin) {
  console.error(`\nmissed: Basic adds more than ${maxExtraMs} ms`);
  process.exitCode = 1;
}
