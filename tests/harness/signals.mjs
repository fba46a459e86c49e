/** Hands over in order what comes, whichever of taking and giving is first. */
export class Queue {
  #items = [];
  #takers = [];

  put(item) {
    const taker = this.#takers.shift();
    if (taker) taker(item);
    else this.#items.push(item);
  }

  take() {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift());
    return new Promise(resolve => this.#takers.push(resolve));
  }

  get length() {
    return this.#items.length;
  }
}
