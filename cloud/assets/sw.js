// Shows and takes away notifications, carries an answer by one of their buttons, and keeps the last pages for when there is
// no connection. What is kept is read-only and one person's: it goes as soon as the log-in page appears.

const ASSETS = "assets-1";
const PAGES = "pages-1";
const MOST_PAGES = 40;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (/^\/assets\/[0-9a-f]{12}\//.test(url.pathname)) {
    event.respondWith(asset(request));
  } else if (request.mode === "navigate" && isKept(url.pathname)) {
    event.respondWith(page(request));
  }
});

// Receipts are nobody's but the service's to keep, and the links of invitations work once.
function isKept(path) {
  return /^\/(login|account|vehicles\/.*)?$/.test(path) && !/\/(family|receipts)(\/|$)/.test(path);
}

// A file whose name holds its hash never changes.
async function asset(request) {
  const kept = await caches.match(request, { cacheName: ASSETS });
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) {
    const cache = await caches.open(ASSETS);
    await cache.put(request, answer.clone());
  }
  return answer;
}

// A page comes from the service; without it, as it was the last time.
async function page(request) {
  let answer;
  try {
    answer = await fetch(request);
  } catch (error) {
    const kept = await caches.match(request, { cacheName: PAGES });
    if (kept) return kept;
    throw error;
  }
  if (new URL(answer.url).pathname === "/login") {
    await caches.delete(PAGES);
  } else if (answer.ok && !answer.redirected && answer.headers.get("content-type")?.startsWith("text/html")) {
    await keep(request, answer.clone());
  }
  return answer;
}

// The page tells by its last modification when it was up to date; the oldest pages make room.
async function keep(request, answer) {
  const headers = new Headers(answer.headers);
  headers.set("last-modified", new Date().toUTCString());
  const cache = await caches.open(PAGES);
  await cache.delete(request);
  await cache.put(request, new Response(await answer.blob(), { status: 200, headers }));
  const kept = await cache.keys();
  await Promise.all(kept.slice(0, Math.max(kept.length - MOST_PAGES, 0)).map((old) => cache.delete(old)));
}

self.addEventListener("push", (event) => {
  event.waitUntil(receive(event.data ? event.data.json() : {}));
});

async function receive(message) {
  if (message.show) {
    const { title, url, once, days, answers } = message;
    await self.registration.showNotification(title, { tag: message.show, actions: answers, data: { url, once, days } });
  } else if (message.close) {
    for (const shown of await self.registration.getNotifications({ tag: message.close })) shown.close();
  }
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url } = event.notification.data;
  event.waitUntil(event.action ? answer(event.notification.data, event.action) : self.clients.openWindow(url));
});

// What cannot be answered from here, without a network for instance, is answered on the page.
async function answer({ url, once, days }, word) {
  const body = JSON.stringify(word === "snooze" ? { answer: word, days } : { answer: word });
  const headers = { "content-type": "application/json" };
  const response = await fetch(once, { method: "POST", headers, body }).catch(() => undefined);
  if (!response?.ok) await self.clients.openWindow(url);
}
