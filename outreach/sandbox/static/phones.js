// Keeps the phones live: on every change the page is fetched again and what differs is swapped.
// What somebody is typing stays untouched. Without this file the page refreshes by itself.
"use strict";

function toEnd(thread) {
  thread.scrollTop = thread.scrollHeight;
}

function swap(selector, old, fresh) {
  const last = old.querySelector(selector);
  const next = fresh.querySelector(selector);
  if (last.innerHTML === next.innerHTML) return;
  last.replaceWith(next);
  if (next.matches(".thread")) toEnd(next);
}

function show(fresh) {
  const here = document.getElementById("phones");
  const phones = [...fresh.querySelectorAll(".phone")];
  const ids = new Set(phones.map((phone) => phone.id));
  for (const old of [...here.querySelectorAll(".phone")]) {
    if (!ids.has(old.id)) old.remove();
  }
  swap("#facts", document, fresh);
  for (const phone of phones) {
    const old = document.getElementById(phone.id);
    if (old === null) {
      here.append(phone);
      toEnd(phone.querySelector(".thread"));
    } else {
      swap(".owner", old, phone);
      swap(".thread", old, phone);
    }
  }
  document.getElementById("nobody").hidden = phones.length > 0;
}

let busy = false;
let again = false;

async function refresh() {
  again = true;
  if (busy) return;
  busy = true;
  try {
    while (again) {
      again = false;
      const answer = await fetch("/phones");
      show(new DOMParser().parseFromString(await answer.text(), "text/html"));
      await new Promise((resolve) => { setTimeout(resolve, 150); });
    }
  } finally {
    busy = false;
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches(".reply")) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  form.reset();
  await fetch(form.action, { method: "POST", body });
  await refresh();
});

window.addEventListener("load", () => {
  document.querySelectorAll(".thread").forEach(toEnd);
});
new EventSource("/phones/stream").onmessage = refresh;
