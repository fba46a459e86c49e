/** Everything that a page should not do: errors in its console, what its policy forbids, requests to anybody else. */
export class Watched {
  troubles = [];
  requests = [];

  /** A page that is watched, already at the status page. */
  async open(stage, options = {}, before = async () => {}) {
    const context = await stage.browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    page.on('console', message => {
      if (['error', 'warning'].includes(message.type())) this.troubles.push(`console: ${message.text()}`);
    });
    page.on('pageerror', error => this.troubles.push(`thrown: ${error.message}`));
    page.on('request', request => {
      this.requests.push(request.url());
      const { protocol, origin } = new URL(request.url());
      if (protocol !== 'data:' && origin !== new URL(stage.proxy.admin).origin) this.troubles.push(`asks ${request.url()}`);
    });
    await before(page);
    await page.goto(stage.proxy.admin);
    return page;
  }
}
