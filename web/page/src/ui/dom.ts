// Elements without a framework: made by `createElement`, filled by text nodes alone.
// Nothing here or elsewhere parses markup, so that text of others stays text.

export type Child = Node | string | undefined | false;

/** Attributes, and listeners under `on…`. `true` sets an empty attribute, `false` none. */
export type Props = Record<string, string | number | boolean | undefined | ((event: never) => void)>;

function fill<E extends Element>(element: E, props: Props, children: Child[]): E {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), props, children);
}

export function svg(tag: string, props: Props = {}, ...children: Child[]): SVGElement {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), props, children);
}

/** A button that submits nothing. */
export function button(label: string, press: () => void, props: Props = {}): HTMLButtonElement {
  return el('button', { type: 'button', onclick: press, ...props }, label);
}

/** Text of others, apart from the direction of what is around it. */
export function bdi(text: string, props: Props = {}): HTMLElement {
  return el('bdi', props, text);
}

/** A form that never leaves the page. */
export function form(submit: () => void, props: Props, ...children: Child[]): HTMLFormElement {
  const onsubmit = (event: Event) => {
    event.preventDefault();
    submit();
  };
  return el('form', { onsubmit, novalidate: true, ...props }, ...children);
}

let last = 0;
/** An identifier that no other element has. */
export function fresh(): string {
  return `u${++last}`;
}
