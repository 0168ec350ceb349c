/**
 * Elements without HTML. Whatever comes from the catalogue, from people or from the server goes in
 * as text nodes, so no title can ever become markup.
 */

const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "indeterminate", "open"]);
const SVG = "http://www.w3.org/2000/svg";

/** h("button.primary", {onclick: go, "aria-label": "Go"}, "Go", child, [more]) -> element */
export function h(name, props, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag || "div");
  element.classList.add(...classes);
  for (const [key, value] of Object.entries(props ?? {})) set(element, key, value);
  element.append(...nodes(children));
  return element;
}

/** Replace what is in `element` with `children`. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/** A small drawing: `paths` are SVG path data on a 24 x 24 grid. */
export function drawing(paths, name = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", name);
  svg.setAttribute("aria-hidden", "true");
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** A number that is unique on the page, for ids that labels refer to. */
let last = 0;
export const fresh = (name) => `${name}-${++last}`;

/** Calls `run` once nothing has called for `ms` milliseconds; `cancel()` calls it not at all. */
export function debounced(run, ms) {
  let timer;
  const later = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...given), ms);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}

function set(element, key, value) {
  if (value === null || value === undefined) return;
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (key === "css")
    for (const [n, v] of Object.entries(value)) element.style.setProperty(n, v);
  else if (PROPERTIES.has(key)) element[key] = value;
  else if (key === "class") element.classList.add(...value.split(" ").filter(Boolean));
  else if (value === true) element.setAttribute(key, "");
  else if (value !== false) element.setAttribute(key, value);
}

function nodes(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}
