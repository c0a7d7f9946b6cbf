// Marks in the advisor's list: x marks the car that has the focus, Shift marks everything from the last mark to it, and one
// box stands for all that are shown. Without this file the boxes and their form work by themselves.

const form = document.getElementById("deeds");
const all = document.getElementById("deed-all");
const count = form.querySelector("[data-marked]");
const marked = new Set();
let last = null;

const boxes = () => [...document.querySelectorAll("#queue input.mark")];

function show() {
  const shown = boxes();
  for (const box of shown) box.checked = marked.has(box.value);
  all.checked = shown.length > 0 && shown.every((box) => box.checked);
  count.hidden = marked.size === 0;
  count.textContent = count.dataset.marked.replace("{n}", String(marked.size));
}

function set(box, on) {
  if (on) marked.add(box.value);
  else marked.delete(box.value);
}

function mark(box, on, range) {
  const shown = boxes();
  const [from, to] = [shown.findIndex((other) => other.value === last), shown.indexOf(box)];
  if (range && from >= 0) {
    for (const other of shown.slice(Math.min(from, to), Math.max(from, to) + 1)) set(other, on);
  } else {
    set(box, on);
  }
  last = box.value;
  show();
}

// The boxes say which cars are meant; "all" alone would mean whatever the list shows when it arrives.
all.removeAttribute("name");
all.addEventListener("change", () => {
  for (const box of boxes()) set(box, all.checked);
  show();
});

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("#queue input.mark");
  if (box) mark(box, box.checked, event.shiftKey);
});

document.addEventListener("keydown", (event) => {
  const isKey = event.key.toLowerCase() === "x" && !event.ctrlKey && !event.metaKey && !event.altKey;
  const row = isKey && event.target.closest?.("#queue li");
  const box = row && row.querySelector("input.mark");
  if (box) mark(box, event.shiftKey || !marked.has(box.value), event.shiftKey);
});

// The list is drawn anew as it changes; a car that left it is not meant any more.
document.addEventListener("htmx:after:swap", () => {
  const shown = new Set(boxes().map((box) => box.value));
  for (const id of [...marked]) if (!shown.has(id)) marked.delete(id);
  show();
});

// Going back to the page, the browser has kept the boxes.
for (const box of boxes()) set(box, box.checked);
show();
