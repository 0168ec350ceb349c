/** Showing that things moved: each goes from where it was to where it is now. */

const SPEED = { duration: 420, easing: "cubic-bezier(.2,.8,.2,1)" };

const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Change the children of `grid` with `change()` and animate by `data-item`. */
export function moving(grid, change) {
  const before = new Map(places(grid));
  change();
  if (still()) return;
  for (const [id, to, element] of places(grid)) {
    const from = before.get(id);
    if (!from) {
      element.animate(
        [
          { opacity: 0, transform: "scale(.96)" },
          { opacity: 1, transform: "none" },
        ],
        SPEED,
      );
    } else if (from.x !== to.x || from.y !== to.y) {
      const shift = `translate(${from.x - to.x}px, ${from.y - to.y}px)`;
      element.animate([{ transform: shift }, { transform: "none" }], SPEED);
    }
  }
}

/** Fade an element out before it goes. */
export async function fading(element) {
  if (!element || still()) return;
  const end = [{ opacity: 1 }, { opacity: 0.15, transform: "scale(.97)" }];
  await element.animate(end, { duration: 180, fill: "forwards" }).finished.catch(() => {});
}

const places = (grid) =>
  [...grid.children].map((element) => [
    element.dataset.item,
    element.getBoundingClientRect(),
    element,
  ]);
