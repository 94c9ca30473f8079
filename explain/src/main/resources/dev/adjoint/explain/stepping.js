// Shows one step of the story at a time, and marks in the table and the graph how far it is.
// All it knows it reads from the story: what a step computes or visits, and which sums it makes.
"use strict";
{
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const steps = all(".steps > li");
  const rows = all("[data-row]");
  const controls = document.querySelector(".controls");
  const range = controls.querySelector("input");
  const start = steps.findIndex(step => "starts" in step.dataset); // of the backward pass
  const names = steps.map(step => `#${step.id}`);
  const story = document.querySelector(".story");
  const picture = document.querySelector(".picture > div");
  let current = 0;

  /** Returns the rows that a step computes or visits. */
  function touched(step, does) {
    return (step.dataset[does] ?? "").split(" ").filter(row => row !== "");
  }

  /** Returns by row: whether it is computed or visited, its gradient so far, and of how many uses. */
  function stateAfter(last) {
    const state = new Map(rows.map(row => [row.dataset.row, { computed: false, visited: false, sum: "", uses: 0 }]));
    for (const step of steps.slice(0, last + 1)) {
      touched(step, "computes").forEach(row => (state.get(row).computed = true));
      touched(step, "visits").forEach(row => (state.get(row).visited = true));
      for (const part of all("[data-to]", step)) {
        const to = state.get(part.dataset.to);
        to.sum = part.dataset.sum;
        to.uses++;
      }
    }
    return state;
  }

  function show(number) {
    current = Math.min(Math.max(number, 0), steps.length - 1);
    const step = steps[current];
    const backward = current >= start;
    const now = new Set([...touched(step, "computes"), ...touched(step, "visits")]);
    steps.forEach(other => (other.hidden = other !== step));
    const state = stateAfter(current);
    for (const row of rows) {
      const index = row.dataset.row;
      const value = state.get(index);
      const uses = Number(row.dataset.uses);
      const kind =
        now.has(index) ? "now"
        : !backward ? (value.computed ? "computed" : "unknown")
        : value.visited ? "done"
        : value.uses > 0 ? "waiting"
        : "none";
      row.querySelector(".gradient").textContent = value.sum;
      row.querySelector(".state").textContent =
        !backward ? ""
        : kind === "now" ? "▶ visited now"
        : kind === "done" ? "✓ done"
        : kind === "waiting" ? (value.uses < uses ? `◐ waits, ${value.uses} of ${uses} uses` : "● waits, complete")
        : "";
      row.dataset.state = kind;
      for (const vertex of all(`[data-step="${index}"]`)) {
        vertex.dataset.state = kind;
        const gradient = vertex.querySelector(".value");
        if (gradient) {
          gradient.dataset.whole ??= gradient.textContent;
          gradient.textContent =
            value.uses === 0 ? "" : value.uses < uses ? `${value.sum} + …` : gradient.dataset.whole;
        }
      }
    }
    for (const edge of all("[data-from]", picture)) {
      const flows = now.has(edge.dataset.to) && (!backward || edge.dataset.from >= 0); // constants get no gradient
      edge.dataset.state = flows && current > 0 ? (backward ? "back" : "forth") : "none";
    }
    reveal();
    range.value = current;
    const phase = step.querySelector(".phase").textContent;
    range.setAttribute("aria-valuetext", phase);
    controls.querySelector("output").textContent = `${current} of ${steps.length - 1}`;
    const ends = { first: current === 0, back: current === 0, next: current === steps.length - 1, last: current === steps.length - 1 };
    all("button", controls).forEach(button => button.setAttribute("aria-disabled", ends[button.value]));
    if (location.protocol !== "about:") { // a frame of a notebook has no address
      history.replaceState(null, "", names[current]);
    }
  }

  /** Scrolls the graph to what the step is about. */
  function reveal() {
    const vertex = picture.querySelector("[data-state=now]");
    if (vertex) {
      const box = picture.getBoundingClientRect();
      const at = vertex.getBoundingClientRect();
      picture.scrollLeft += at.left + at.width / 2 - box.left - box.width / 2;
      picture.scrollTop += at.top + at.height / 2 - box.top - box.height / 2;
    }
  }

  const moves = {
    first: () => show(0),
    back: () => show(current - 1),
    next: () => show(current + 1),
    last: () => show(steps.length - 1),
  };
  const keys = { ArrowLeft: "back", ArrowRight: "next", Home: "first", End: "last" };

  /** Goes where the address says: to the step of a link, or to the first. */
  function follow() {
    show(names.indexOf(location.hash));
    story.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", event => {
    const other = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
    if (event.key in keys && !other && event.target !== range) {
      event.preventDefault();
      moves[keys[event.key]]();
    }
  });
  controls.addEventListener("click", event => moves[event.target.value]?.());
  range.addEventListener("input", () => show(Number(range.value)));
  window.addEventListener("hashchange", follow);
  picture.addEventListener("click", event => {
    const vertex = event.target.closest("[data-step]");
    if (vertex) {
      const does = current >= start ? "visits" : "computes";
      const number = steps.findIndex(step => touched(step, does).includes(vertex.dataset.step));
      show(number < 0 ? current : number); // a value without a gradient is never visited
    }
  });
  steps.forEach(step => step.removeAttribute("id")); // or the browser scrolls to them
  controls.hidden = false;
  document.querySelector(".walk").classList.add("stepping");
  follow();
}
