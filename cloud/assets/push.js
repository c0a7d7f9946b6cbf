// Lets this browser take notifications. Without a script, or where the browser has no such thing, the button stays hidden.

const button = document.getElementById("push-on");

if (button && "serviceWorker" in navigator && "PushManager" in window) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const worker = await navigator.serviceWorker.register("/sw.js");
    const subscription = await worker.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: button.dataset.key,
    });
    const answer = await fetch("/api/v1/push-subscriptions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(subscription.toJSON()),
    });
    if (answer.ok) location.assign("/account/channels?did=push");
  });
}
