// What a query asks for. Not a parser of the language: enough for the queries of this repository, which it is run on alone.
const WORDS = new Set(['and', 'or', 'unless', 'by', 'without', 'on', 'ignoring', 'group_left', 'group_right', 'offset', 'bool', 'inf', 'nan']);

/** The selectors of a query: [{ metric, labels }]. */
export function selectors(expr) {
  const found = [];
  const text = expr
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ');
  for (const [, name, , matchers] of text.matchAll(/([a-zA-Z_:][a-zA-Z0-9_:]*)(?!\s*\(|[a-zA-Z0-9_:])(\{((?:[^}"]|"[^"]*")*)\})?|"[^"]*"/g)) {
    if (name && !WORDS.has(name.toLowerCase()))
      found.push({ metric: name, labels: [...(matchers ?? '').matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=|!=|=~|!~)\s*"/g)].map(match => match[1]) });
  }
  return found;
}

/** The labels by which a query sums or joins. */
export function groupings(expr) {
  return [...expr.matchAll(/\b(?:by|on|ignoring|group_left)\s*\(([^)]*)\)/g)].flatMap(match => match[1].split(',').map(label => label.trim()).filter(Boolean));
}
