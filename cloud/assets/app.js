// What the pages cannot do without a script: say that the line is gone, keep the last pages, and close an open menu.
// Everything else works without this file.

const root = document.documentElement;
// A page that comes from the service now has no other time than this moment; one that was kept has its own.
const kept = Date.now() - Date.parse(document.lastModified) > 5_000;
const line = { up: navigator.onLine && !kept, stream: true };
const notice = document.querySelector(".offline");

if (notice?.dataset.since && !line.up) {
  const when = new Date(document.lastModified);
  const text = when.toLocaleString(root.lang, { dateStyle: "medium", timeStyle: "short" });
  notice.textContent = notice.dataset.since.replace("{when}", text);
}

// Owners' pages are kept by the service worker; whoever sees the log-in page has nothing that is kept.
if (root.hasAttribute("data-keeps") && "serviceWorker" in navigator) {
  navigator.serviceWorker.register("/sw.js").catch(() => {});
} else if (location.pathname === "/login" && "caches" in window) {
  caches.delete("pages-1");
}

function showLine() {
  root.classList.toggle("is-offline", !(line.up && line.stream));
}

addEventListener("online", () => { line.up = !kept; showLine(); });
addEventListener("offline", () => { line.up = false; showLine(); });
document.addEventListener("htmx:sse:error", () => { line.stream = false; showLine(); });
document.addEventListener("htmx:sse:after:connection", (event) => {
  line.stream = event.detail?.connection?.status === 200;
  showLine();
});
showLine();

document.addEventListener("toggle", (event) => {
  if (!event.target.matches("details.menu[open]")) return;
  for (const other of document.querySelectorAll("details.menu[open]")) {
    if (other !== event.target) other.open = false;
  }
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});

// Selects that act at once carry a button for pages without a script; with one it is not needed.
for (const select of document.querySelectorAll("form[data-auto] select")) {
  select.form.querySelector("button")?.setAttribute("hidden", "");
  select.addEventListener("change", () => select.form.requestSubmit());
}

// The appointments board by keyboard: j and k go through the visits, the other keys press what carries them.
document.addEventListener("keydown", (event) => {
  const board = document.querySelector("main[data-board]");
  if (!board || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, textarea")) return;
  const rows = [...board.querySelectorAll("li[tabindex]")];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const step = { j: 1, k: -1 }[event.key];
  if (step) {
    rows[Math.min(Math.max(at + step, 0), rows.length - 1)]?.focus();
  } else {
    rows[at]?.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
  }
});
