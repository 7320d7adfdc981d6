import { afterEach, expect, it } from 'vitest';
import { BodyMemory } from '../../infra/local/alb/body-memory.ts';

const { poolSize } = Buffer;
afterEach(() => {
  Buffer.poolSize = poolSize;
});

it('memory that was given back is used again, by one at a time', () => {
  const memory = new BodyMemory();
  const first = memory.take(100_000);
  memory.give(first);
  const second = memory.take(90_000);
  expect(second.buffer).toBe(first.buffer);
  expect(second).toHaveLength(90_000);
  expect(memory.take(90_000).buffer).not.toBe(first.buffer);
});

it('the pool that Node cuts small buffers from was written over, once it was as large as a body', () => {
  Buffer.poolSize = 65_536;
  const memory = new BodyMemory();
  for (let turn = 0; turn < 200; turn++) {
    const body = memory.take(1_000);
    const others = Buffer.allocUnsafe(16).fill('n');
    memory.give(body);
    memory.take(65_536).fill('x');
    expect(others.toString()).toBe('n'.repeat(16));
  }
});

it('what is kept is bounded', () => {
  const memory = new BodyMemory();
  const bodies = Array.from({ length: 40 }, () => memory.take(1_000_000));
  for (const body of bodies) memory.give(body);
  const known = new Set(bodies.map(({ buffer }) => buffer));
  const again = bodies.map(() => memory.take(1_000_000)).filter(({ buffer }) => known.has(buffer));
  expect(again).toHaveLength(16);
});
