/** A few clients that ask again and again. */
export class Traffic {
  #url;
  #isOver = false;

  constructor(url, clients = 4) {
    this.#url = url;
    for (let i = 0; i < clients; i++) this.#ask(i);
  }

  stop() {
    this.#isOver = true;
  }

  async #ask(i) {
    for (let n = 0; !this.#isOver; n++) {
      await fetch(`${this.#url}/some/path`).then(answer => answer.arrayBuffer(), () => {});
      // In waves, so that there is a line to look at.
      await new Promise(resolve => setTimeout(resolve, 30 + 25 * Math.sin((n + 40 * i) / 60)));
    }
  }
}
