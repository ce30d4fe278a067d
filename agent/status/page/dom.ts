import type { ConditionView, ItemView, PublisherView, Tone } from "../api.js";

/** The element of the page with this id; the page and this script belong together. */
export function byId<T extends HTMLElement>(id: string, kind: { new (): T }): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return found;
}

/** A new element. Whatever comes from outside goes in as text and never as markup. */
export function element(tag: string, className: string, ...content: (string | Node)[]): HTMLElement {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...content);
  return made;
}

/** Replaces what an element holds, unless it is the same: what did not change must not flicker or lose a selection. */
export function fill(target: HTMLElement, made: readonly HTMLElement[]): void {
  const next = element("div", "", ...made);
  if (target.innerHTML !== next.innerHTML) target.replaceChildren(...next.childNodes);
}

/** Sets a text unless it is the same. */
export function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** A line of a list: dot, name, state, and what there is to say. */
export function itemLine({ name, tone, state, detail }: ItemView, ...more: HTMLElement[]): HTMLElement {
  return element(
    "li",
    tone,
    element("span", "dot"),
    element("span", "name", name),
    element("span", "state", state),
    element("span", "detail", detail),
    ...more,
  );
}

/** A condition that holds or does not, on one line: the sign says it without colours too. */
export function conditionLine({ name, holds, detail }: ConditionView): HTMLElement {
  const sign = element("span", "sign", holds ? "✓" : "✗");
  sign.setAttribute("aria-label", holds ? "holds" : "fails");
  return element("li", holds ? "good" : "bad", sign, element("span", "name", name), element("span", "told", detail));
}

/** A publisher with the conditions that fail; those that hold are only counted. */
export function publisherLine(publisher: PublisherView): HTMLElement {
  const { conditions } = publisher;
  const failing = conditions.filter(({ holds }) => !holds);
  const lines = failing.map(({ name, detail }) =>
    element("li", "busy", element("b", "", name), detail === "" ? "" : `: ${detail}`),
  );
  const rest = conditions.length - failing.length;
  if (rest > 0) lines.push(element("li", "", `${rest} of ${conditions.length} conditions hold`));
  return itemLine(publisher, element("ul", "conditions", ...lines));
}

/** Gives an element the colour of a tone. */
export function setTone(target: HTMLElement, tone: Tone): void {
  target.classList.remove("good", "busy", "bad", "off");
  target.classList.add(tone);
}
