// Renews the parts of a page that have changed, and says when nothing comes any more.
"use strict";

const main = document.getElementById("main");
const lost = document.getElementById("connection");
const live = document.getElementById("live");
const address = main && main.dataset.events;
const patience = 15000; // ms without a word, after which a connection counts as lost
const retry = 2000; // ms until the next try

let source = null;
let timer = 0;
let heard = Date.now();
let since = 0; // when the connection was lost, 0 while it stands
let kind = kindNow();
let said = 0;

// kindNow is the state of the study that the page shows.
function kindNow() {
  const e = document.querySelector("#state [data-kind]");
  return e ? e.dataset.kind : "";
}

// say tells those who listen, and never twice the same.
function say(text) {
  if (live.textContent !== text) live.textContent = text;
}

// renew replaces a part, if it is another one, once its pictures are there.
function renew(part) {
  const e = document.getElementById(part.id);
  if (!e) return;
  e.dataset.next = part.v;
  if (e.dataset.v === part.v) return;
  const next = document.createElement("template");
  next.innerHTML = part.html;
  const pictures = [...next.content.querySelectorAll("img")].map((i) => {
    const picture = new Image();
    picture.src = i.getAttribute("src");
    return picture.decode().catch(() => {});
  });
  if (pictures.length === 0) swap(e, part);
  else Promise.all(pictures).then(() => {
    if (e.dataset.next === part.v) swap(e, part); // or else a later one has come meanwhile
  });
}

// swap replaces a part, and keeps what is open in it, how far it is scrolled and where the focus is.
function swap(e, part) {
  const open = [...e.querySelectorAll("details[open]")].map((d) => d.id);
  const scrolled = [...e.querySelectorAll(".scroll")].map((s) => s.scrollLeft);
  const focusable = "a, summary, [tabindex]";
  const at = [...e.querySelectorAll(focusable)].indexOf(document.activeElement);
  e.innerHTML = part.html;
  e.dataset.v = part.v;
  for (const id of open) {
    const d = id && document.getElementById(id);
    if (d) d.open = true;
  }
  e.querySelectorAll(".scroll").forEach((s, i) => { s.scrollLeft = scrolled[i] || 0; });
  if (at >= 0) {
    const f = e.querySelectorAll(focusable)[at];
    if (f) f.focus({ preventScroll: true });
  }
}

// announce says what a person who does not look wants to know: another state, and every tenth.
function announce() {
  const e = document.querySelector("#state [data-kind]");
  if (!e) return;
  document.title = e.dataset.title + " · gridsearch";
  const tenth = Math.floor(parseInt(e.dataset.title, 10) / 10) || 0;
  if (e.dataset.kind !== kind) {
    const chip = e.querySelector(".chip");
    say("The study is " + chip.textContent + ".");
  } else if (said && tenth > said) {
    say(tenth * 10 + " percent of the runs are done.");
  }
  kind = e.dataset.kind;
  said = tenth;
}

function stands() {
  heard = Date.now();
  if (since) say("The connection is back.");
  since = 0;
  lost.hidden = true;
}

function broken() {
  close();
  if (!since) {
    since = heard;
    const time = new Date(since).toLocaleTimeString();
    lost.textContent = "No connection since " + time +
      ": the server has ended or cannot be reached. This is the state of then; the page goes on by itself.";
    lost.hidden = false;
    say("No connection since " + time + ".");
  }
  clearTimeout(timer);
  timer = setTimeout(connect, retry);
}

function close() {
  if (source) source.close();
  source = null;
}

function connect() {
  close();
  if (document.hidden) return;
  heard = since ? heard : Date.now();
  const s = new EventSource(address);
  source = s;
  s.addEventListener("open", stands);
  s.addEventListener("beat", stands);
  s.addEventListener("parts", (event) => {
    stands();
    JSON.parse(event.data).forEach(renew);
    announce();
    tick();
  });
  s.addEventListener("error", broken);
}

// clock prints milliseconds as the server does.
function clock(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  if (s < 60) return s + "s";
  if (s < 3600) return Math.floor(s / 60) + "m" + two(s % 60) + "s";
  return Math.floor(s / 3600) + "h" + two(Math.floor(s / 60) % 60) + "m";
}

// tick lets the ages of words grow.
function tick() {
  document.querySelectorAll("time[data-since]").forEach((t) => {
    const text = clock(Date.now() - Number(t.dataset.since)) + " ago";
    if (t.textContent !== text) t.textContent = text;
  });
}

if (address) {
  // A page that nobody sees asks for nothing: browsers keep few connections to a server.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(timer);
      close();
    } else {
      connect();
    }
  });
  window.addEventListener("pagehide", close);
  setInterval(() => {
    if (document.hidden) return;
    tick();
    if (source && Date.now() - heard > patience) broken();
  }, 1000);
  connect();
}
