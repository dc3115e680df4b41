/* JSON as its author wrote it, token by token: no number is rounded, no key is lost. */

import { bytes, el, visible } from './dom.js';

const TOKEN = /"[^"\\]*(?:\\[^][^"\\]*)*"|[-+.\w]+|[{}[\],:]/g;
const SHOWN_AT_FIRST = 100_000;

/** The tokens of a JSON text; null if it is none. */
function tokensOf(text) {
  try {
    JSON.parse(text);
    return text.match(TOKEN);
  } catch {
    return null;
  }
}

/** The text as parts `[kind, text]`, indented; null if it is not JSON. */
export function pretty(text) {
  const tokens = tokensOf(text);
  if (!tokens) {
    return null;
  }
  const parts = [];
  let depth = 0;
  const line = () => parts.push(['', `\n${'  '.repeat(depth)}`]);
  tokens.forEach((token, i) => {
    const next = tokens[i + 1];
    if (token === '{' || token === '[') {
      parts.push(['', token]);
      depth++;
      if (next !== '}' && next !== ']') {
        line();
      }
    } else if (token === '}' || token === ']') {
      depth--;
      if (tokens[i - 1] !== '{' && tokens[i - 1] !== '[') {
        line();
      }
      parts.push(['', token]);
    } else if (token === ',') {
      parts.push(['', token]);
      line();
    } else if (token === ':') {
      parts.push(['', ': ']);
    } else {
      parts.push([kind(token, next), token]);
    }
  });
  return parts;
}

function kind(token, next) {
  if (token.startsWith('"')) {
    return next === ':' ? 'key' : 'string';
  }
  return /^[tfn]/.test(token) ? 'literal' : 'number';
}

/** A block of text: JSON in colours if `isPretty`, else every character as it came. */
export function block(text, isPretty) {
  const parts = (isPretty && pretty(text)) || [['', text]];
  const code = el('pre', { class: 'block', dir: 'ltr', tabindex: 0 });
  const length = parts.reduce((sum, part) => sum + part[1].length, 0);
  fill(code, parts, SHOWN_AT_FIRST, isPretty);
  if (length <= SHOWN_AT_FIRST) {
    return [code];
  }
  const all = () => {
    fill(code, parts, length, isPretty);
    more.remove();
  };
  const more = el('button', { class: 'all', onclick: all }, `Show all of ${bytes(length)}`);
  return [code, more];
}

function fill(code, parts, most, isPretty) {
  const fragment = document.createDocumentFragment();
  let left = most;
  for (const [kind, text] of parts) {
    const shown = text.length > left ? text.slice(0, left) : text;
    const content = isPretty ? visible(shown) : [shown];
    for (const node of kind ? [el('span', { class: kind }, content)] : content) {
      fragment.append(node);
    }
    left -= shown.length;
    if (left <= 0) {
      break;
    }
  }
  code.replaceChildren(fragment);
}
