/* Elements, texts and numbers. What comes from a call becomes text here, never markup. */

const SVG = 'http://www.w3.org/2000/svg';

/** Characters that do not show, or that turn the direction of what follows; but for what makes a sign an emoji. */
const INVISIBLE =
  /(?:(?!\ufe0f)[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\ufff9-\ufffb\p{Default_Ignorable_Code_Point}])+/gu;

const MOST_CODES = 8;

export const byId = (id) => document.getElementById(id);

/** An element; `onclick` and the like are listeners, children are nodes or strings. */
export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      node.addEventListener(name.slice(2), value);
    } else if (value === true) {
      node.setAttribute(name, '');
    } else if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value);
    }
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) {
      node.append(child);
    }
  }
  return node;
}

/** A text as nodes, in which characters that do not show are named. */
export function visible(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(INVISIBLE)) {
    if (found.index > from) {
      nodes.push(text.slice(from, found.index));
    }
    nodes.push(el('span', { class: 'invisible' }, codes(found[0])));
    from = found.index + found[0].length;
  }
  if (from < text.length) {
    nodes.push(text.slice(from));
  }
  return nodes;
}

function codes(characters) {
  const code = (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  const all = [...characters];
  const more = all.length > MOST_CODES ? ` … (${all.length})` : '';
  return all.slice(0, MOST_CODES).map(code).join(' ') + more;
}

/** The beginning of a text, as a string of its own: a slice would hold the whole in memory. */
export function cut(text, length) {
  return text.length <= length
    ? text
    : `${new TextDecoder().decode(new TextEncoder().encode(text.slice(0, length)))}…`;
}

export function bytes(count) {
  if (count < 1024) {
    return `${count} B`;
  }
  const [unit, size] = count < 1 << 20 ? ['kB', 1 << 10] : count < 1 << 30 ? ['MB', 1 << 20] : ['GB', 1 << 30];
  const number = count / size;
  return `${number < 100 ? number.toFixed(1) : Math.round(number)} ${unit}`;
}

export function millis(ms) {
  if (ms === null || ms === undefined) {
    return '';
  }
  if (ms < 1000) {
    return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  }
  return ms < 60_000 ? `${(ms / 1000).toFixed(2)} s` : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

const two = (number) => String(number).padStart(2, '0');

export function clock(instant) {
  const time = new Date(instant);
  const ms = String(time.getMilliseconds()).padStart(3, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${ms}`;
}

/** What became of a call, in a word or a number. */
export function badge(call) {
  const words = {
    pending: 'pending',
    ok: String(call.status_code ?? 'OK'),
    function_error: 'failed',
    error: call.sqlstate ?? 'error',
    cancelled: 'cancelled',
  };
  return words[call.outcome] ?? call.outcome;
}
