/** The public HTTP API, as the console uses it. Every failure becomes a `Problem`. */

import { state, who } from "./state.js";

/** What the API says went wrong (RFC 9457), with a hint of what to change. */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail ?? document.title ?? `HTTP ${status}`);
    this.status = status;
    this.title = document.title ?? `HTTP ${status}`;
    this.detail = document.detail ?? "";
    this.hint = document.hint ?? "";
    this.errors = document.errors ?? [];
  }
}

/** The names of the collections served here. */
export async function collections() {
  return (await call("GET", "/v1")).collections;
}

export const recommend = (asked, signal) => post("/recommend", { ...who(), ...asked }, signal);

export const search = (asked, signal) => post("/search", asked, signal);

/** What somebody who typed this may mean. */
export const complete = async (text, n, signal) =>
  (await post("/complete", { text, n }, signal)).completions;

/** One turn of a conversation. */
export const chat = (asked, signal) => post("/chat", asked, signal);

/** The shop's own rules by query. */
export const rules = (signal) => get("/rules", {}, signal);

export const putRule = (rule) => post("/rules", rule);

export const removeRule = (id) => call("DELETE", at(`/rules/${encodeURIComponent(id)}`));

/** What waits for a person's decision, what was decided, and deciding. */
export const doubts = (signal) => get("/content/queue", {}, signal);

export const rulings = (signal) => get("/content/rulings", {}, signal);

export const rule = (item_id, label) => post("/content/rulings", { item_id, label });

export const unrule = (id) => call("DELETE", at(`/content/rulings/${encodeURIComponent(id)}`));

/** What answers a question, whether it solved it, and learning from that. */
export const answer = (question, signal) => post("/answer", { question }, signal);

export const answerFeedback = (verdict) => post("/answer/feedback", { feedback: [verdict] });

export const answerLearn = () => post("/answer/learn", {});

/** What is watched of what is said, the alerts, the newest first, seeing to one, erasing a text. */
export const opinions = (signal) => get("/opinions", {}, signal);

export const alerts = (signal) => get("/opinions/alerts", {}, signal);

export const closeAlert = (alert) => post("/opinions/alerts/close", { alert });

export const eraseText = (alert, text) =>
  call("DELETE", at(`/opinions/alerts/${alert}/texts/${text}`));

export const similar = (item_id, n, signal) =>
  post("/similar", { item_id, n, explore: false }, signal);

export const explain = (item_id, text, signal) =>
  get("/explain", { item_id, text, ...who() }, signal);

/** Record one event of the chosen person; the API answers once it is on disk. */
export async function observe(event) {
  const answer = await post("/events", { events: [{ ...who(), ...event }] });
  const [row] = answer.rows;
  if (row.status === "rejected") {
    throw new Problem(422, { title: event.event, detail: row.reason });
  }
  return row;
}

export const item = (id, signal) => get(`/items/${encodeURIComponent(id)}`, {}, signal);

export const upsert = (product) => post("/items", { items: [product] });

export const remove = (id) => call("DELETE", at(`/items/${encodeURIComponent(id)}`));

export const people = (like, signal) => get("/users", { like, limit: 12 }, signal);

/** What the chosen person did, newest first. */
export function history(limit, signal) {
  const person = state.user || `session:${state.session}`;
  return get(`/users/${encodeURIComponent(person)}/history`, { limit }, signal);
}

export const stats = (signal) => get("/stats", {}, signal);

/** What was explored, what it earned and cost, and what other policies would have earned. */
export const exploration = (signal) => get("/exploration", {}, signal);

/** What other settings would have explored of the same shortlists, and earned. */
export const preview = (settings, signal) => get("/exploration/preview", settings, signal);

/** Experiments: champion against challenger; one at a time. */
export const experiments = (signal) => get("/experiments", {}, signal);

export const experiment = (name, signal) =>
  get(`/experiments/${encodeURIComponent(name)}`, {}, signal);

export const startExperiment = (asked) => post("/experiments", asked);

export const stopExperiment = (name) =>
  call("DELETE", at(`/experiments/${encodeURIComponent(name)}`));

/** Every release on disk, newest first. */
export const releases = (signal) => get("/releases", {}, signal);

export const promote = (release) => post("/releases/promote", { release });

export const rollback = () => post("/releases/rollback", {});

export const audit = (signal) => get("/audit", {}, signal);

/** Prometheus metrics, as text. */
export const metrics = (signal) => call("GET", "/metrics", { signal });

const at = (path) => `/v1/${encodeURIComponent(state.collection)}${path}`;

function get(path, params, signal) {
  const given = Object.entries(params).filter(([, value]) => value !== "" && value !== undefined);
  const query = new URLSearchParams(given).toString();
  return call("GET", at(path) + (query ? `?${query}` : ""), { signal });
}

const post = (path, body, signal) => call("POST", at(path), { body, signal });

async function call(method, path, { body, signal } = {}) {
  const headers = {};
  if (state.key) headers["X-API-Key"] = state.key;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(path, {
    method,
    headers,
    signal,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const json = (response.headers.get("content-type") ?? "").includes("json");
  const answer = json ? await response.json() : await response.text();
  if (!response.ok) throw new Problem(response.status, json ? answer : {});
  return answer;
}
