/* JSON as its author wrote it, token by token: no number is rounded, no key is lost. */

import { bytes, el, visible } from './dom.js';

const TOKEN = /"[^"\\]*(?:\\[^][^"\\]*)*"|[-+.\w]+|[{}[\],:]/g;
const SHOWN_AT_FIRST = 100_000;
const LONGEST_PRETTY = 1 << 20;
const DEEPEST = 40;

/** The text as parts `[kind, text]`, indented and made as they are asked for; null if it is not JSON, or too long. */
export function pretty(text) {
  try {
    if (text.length <= LONGEST_PRETTY) {
      JSON.parse(text);
      return parts(text);
    }
  } catch {
    // What follows.
  }
  return null;
}

function* parts(text) {
  const line = (depth) => `\n${'  '.repeat(Math.min(depth, DEEPEST))}`;
  const tokens = text.matchAll(TOKEN);
  let depth = 0;
  let last = '';
  let [token] = tokens.next().value;
  while (token) {
    const next = tokens.next().value?.[0];
    if (token === '{' || token === '[') {
      depth++;
      yield ['', next === '}' || next === ']' ? token : token + line(depth)];
    } else if (token === '}' || token === ']') {
      depth--;
      yield ['', last === '{' || last === '[' ? token : line(depth) + token];
    } else if (token === ',') {
      yield ['', token + line(depth)];
    } else if (token === ':') {
      yield ['', ': '];
    } else {
      yield [kind(token, next), token];
    }
    last = token;
    token = next;
  }
}

function kind(token, next) {
  if (token.startsWith('"')) {
    return next === ':' ? 'key' : 'string';
  }
  return /^[tfn]/.test(token) ? 'literal' : 'number';
}

/** A block of text: JSON in colours if `isPretty`, else every character as it came. */
export function block(text, isPretty) {
  const code = el('pre', { class: 'block', dir: 'ltr', tabindex: 0 });
  if (fill(code, text, SHOWN_AT_FIRST, isPretty)) {
    return [code];
  }
  const all = () => {
    fill(code, text, Infinity, isPretty && text.length <= LONGEST_PRETTY);
    more.remove();
  };
  const more = el('button', { class: 'all', onclick: all }, `Show all of ${bytes(text.length)}`);
  return [code, more];
}

/** Shows the beginning; whether that is all. */
function fill(code, text, most, isPretty) {
  const fragment = document.createDocumentFragment();
  let left = most;
  for (const [kind, part] of (isPretty && pretty(text)) || [['', text]]) {
    const shown = part.slice(0, left);
    const content = isPretty ? visible(shown) : [shown];
    for (const node of kind ? [el('span', { class: kind }, content)] : content) {
      fragment.append(node);
    }
    left -= part.length;
    if (left < 0) {
      break;
    }
  }
  code.replaceChildren(fragment);
  return left >= 0;
}
