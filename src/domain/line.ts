/**
 * Items kept in one order. As in any queue most come last and leave first, and both cost nothing; anything else is a binary
 * search and a move of pointers. What an item is compared by must not change while it is in the line.
 */
export class Line<T> {
  private items: (T | undefined)[] = [];
  private gone = 0;
  private readonly compare: (a: T, b: T) => number;

  /** `compare` tells any two different items apart. */
  constructor(compare: (a: T, b: T) => number) {
    this.compare = compare;
  }

  get size(): number {
    return this.items.length - this.gone;
  }

  /** The item at this place, from 0. */
  at(place: number): T | undefined {
    return this.items[this.gone + place];
  }

  insert(item: T): void {
    const { items } = this;
    const last = items.at(-1);
    if (last === undefined || this.compare(last, item) < 0) {
      items.push(item);
      return;
    }
    const place = this.search(item);
    if (place === this.gone && this.gone > 0) items[--this.gone] = item;
    else items.splice(place, 0, item);
  }

  /** True when it was in the line. */
  remove(item: T): boolean {
    const place = this.search(item);
    if (this.items[place] !== item) return false;
    if (place > this.gone) this.items.splice(place, 1);
    else {
      this.items[place] = undefined;
      this.gone++;
      this.compact();
    }
    return true;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let place = 0; place < this.size; place++) {
      const item = this.at(place);
      if (item !== undefined) yield item;
    }
  }

  /** First place whose item does not come before this one. */
  private search(item: T): number {
    let low = this.gone;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const there = this.items[middle];
      if (there !== undefined && this.compare(there, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private compact(): void {
    if (this.gone === this.items.length) this.items.length = 0;
    else if (this.gone < 64 || this.gone * 2 < this.items.length) return;
    else this.items = this.items.slice(this.gone);
    this.gone = 0;
  }
}
