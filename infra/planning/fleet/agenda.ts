/** What is due next, of events that come in no order: a binary heap by time. */
export class Agenda<E extends { readonly atMs: number }> {
  readonly #heap: E[] = [];

  add(event: E): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.atMs <= event.atMs) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = event;
  }

  /** The earliest event, taken out. */
  take(): E | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      const isLeft = left !== undefined && (right === undefined || left.atMs <= right.atMs);
      const child = isLeft ? left : right;
      if (child === undefined || child.atMs >= last.atMs) break;
      heap[at] = child;
      at = 2 * at + (isLeft ? 1 : 2);
    }
    heap[at] = last;
    return first;
  }
}
