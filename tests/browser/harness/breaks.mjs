/** Runs in the page: the parts of endpoints, between their places to break, that are broken all the same. */
export function brokenWords() {
  const broken = [];
  const walker = document.createTreeWalker(document.querySelector('.enclaves'), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { currentNode: part } = walker;
    if (!part.parentElement.closest('.who code') || !part.parentElement.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(part);
    if (new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1) broken.push(part.nodeValue);
  }
  return broken;
}
