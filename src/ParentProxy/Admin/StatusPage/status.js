// Keeps the page as it would be if it were loaded anew: reads it again and again and changes only what differs, so that
// focus, scrolling, selections and open parts stay as they are.
(() => {
  'use strict';
  const interval = 2000, longest = 30000, patience = 10000;
  const connection = document.getElementById('connection');
  let pause = interval, timer = 0, isAsking = false, updated = new Date();

  const keyOf = node => node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.key || '' : '';
  const isSame = (one, other) => one.nodeType === other.nodeType && one.nodeName === other.nodeName && keyOf(one) === keyOf(other);

  function follow(node, next) {
    if (node.nodeType !== Node.ELEMENT_NODE) {
      if (node.nodeValue !== next.nodeValue) node.nodeValue = next.nodeValue;
      return;
    }
    for (const { name } of [...node.attributes])
      if (!next.hasAttribute(name) && !(name === 'open' && node.nodeName === 'DETAILS')) node.removeAttribute(name);
    for (const { name, value } of next.attributes)
      if (node.getAttribute(name) !== value) node.setAttribute(name, value);
    followChildren(node, next);
  }

  // Rows change places: the worst enclave is the first. A row that moves stays what it is, with what is open in it; where
  // the browser cannot move without taking out, the focus is given back.
  function move(parent, node, before) {
    if (parent.moveBefore) {
      parent.moveBefore(node, before);
      return;
    }
    const focused = node.contains(document.activeElement) ? document.activeElement : null;
    parent.insertBefore(node, before);
    focused?.focus({ preventScroll: true });
  }

  function followChildren(node, next) {
    const wanted = [...next.childNodes], keys = new Set(wanted.map(keyOf));
    let here = node.firstChild;
    for (const child of wanted) {
      // What has a key and is wanted no more goes first: else all that follows it would seem to have moved.
      while (here && keyOf(here) && !keys.has(keyOf(here))) here = take(here);
      let found = here;
      while (found && !isSame(found, child)) found = found.nextSibling;
      if (!found) {
        node.insertBefore(document.importNode(child, true), here);
        continue;
      }
      if (keyOf(child)) {
        if (found === here) here = here.nextSibling;
        else move(node, found, here);
      } else {
        // What is before the place where the wanted one was found is there no more.
        while (here !== found) here = take(here);
        here = found.nextSibling;
      }
      follow(found, child);
    }
    while (here) here = take(here);
  }

  function take(node) {
    const following = node.nextSibling;
    node.remove();
    return following;
  }

  function show(text) {
    const next = new DOMParser().parseFromString(text, 'text/html');
    const main = next.getElementById('main'), process = next.getElementById('process');
    if (!main || !process) throw new Error('the answer is not this page');
    // Another version of the program has a script of its own.
    if (next.querySelector('body > script')?.textContent !== document.querySelector('body > script').textContent) {
      location.reload();
      return;
    }
    document.title = next.title;
    follow(document.querySelector('link[rel=icon]'), next.querySelector('link[rel=icon]'));
    follow(document.getElementById('process'), process);
    follow(document.getElementById('main'), main);
    document.getElementById('main').dataset.updated = String(Date.now());
  }

  async function update() {
    if (isAsking || document.hidden) return;
    isAsking = true;
    try {
      const answer = await fetch('/', { cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(patience) });
      if (!answer.ok) throw new Error(`it answers ${answer.status}`);
      show(await answer.text());
      updated = new Date();
      pause = interval;
      connection.textContent = '';
    } catch (error) {
      const time = updated.toISOString().slice(11, 19);
      const reason = error.name === 'TimeoutError' ? 'the proxy does not answer in time' : error instanceof TypeError ? 'the proxy cannot be reached' : error.message;
      const text = `Not updated since ${time} UTC: ${reason}.`;
      if (connection.textContent !== text) connection.textContent = text;
      document.title = `? ${document.title.replace(/^\? /, '')}`;
      pause = Math.min(pause * 2, longest);
    } finally {
      isAsking = false;
      plan();
    }
  }

  function plan() {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(update, pause);
  }

  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    if (document.hidden) return;
    pause = interval;
    update();
  });
  plan();
})();
