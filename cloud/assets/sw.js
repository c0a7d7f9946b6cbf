// Shows and takes away notifications. It keeps nothing and answers no request for a page.

self.addEventListener("push", (event) => {
  event.waitUntil(receive(event.data ? event.data.json() : {}));
});

async function receive(message) {
  if (message.show) {
    await self.registration.showNotification(message.title, { tag: message.show, data: { url: message.url } });
  } else if (message.close) {
    for (const shown of await self.registration.getNotifications({ tag: message.close })) shown.close();
  }
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data.url));
});
