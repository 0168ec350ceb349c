// Draws /openapi.json as a page: every route with its fields, an example and the answers.

const METHODS = ["get", "post", "put", "patch", "delete"];

function make(tag, text, ...children) {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  node.append(...children);
  return node;
}

const named = (schema) => schema?.$ref?.split("/").pop();

/** A schema's type in words: "list of EventIn", "text or null". */
function kind(schema) {
  if (!schema) return "";
  if (schema.$ref) return named(schema);
  if (schema.anyOf) return [...new Set(schema.anyOf.map(kind))].join(" or ");
  if (schema.prefixItems) return `[${schema.prefixItems.map(kind).join(", ")}]`;
  if (schema.type === "array") return `list of ${kind(schema.items) || "anything"}`;
  if (schema.type === "object") {
    return schema.additionalProperties ? `names to ${kind(schema.additionalProperties) || "anything"}` : "object";
  }
  return { string: "text", integer: "whole number", boolean: "true or false" }[schema.type] ?? schema.type ?? "";
}

/** What bounds a value has. */
function bounds(schema) {
  const words = [];
  for (const part of [schema, ...(schema.anyOf ?? [])]) {
    if (part.minimum !== undefined) words.push(`from ${part.minimum}`);
    if (part.maximum !== undefined) words.push(`to ${part.maximum}`);
    if (part.minLength) words.push(`at least ${part.minLength} characters`);
    if (part.maxLength !== undefined) words.push(`at most ${part.maxLength} characters`);
    if (part.maxItems !== undefined) words.push(`at most ${part.maxItems}`);
    if (part.pattern) words.push(`matches ${part.pattern}`);
  }
  if (schema.default !== undefined && schema.default !== null && schema.default !== "") {
    words.push(`default ${JSON.stringify(schema.default)}`);
  }
  return [...new Set(words)].join(", ");
}

function table(rows) {
  const head = make("tr", "", ...["name", "type", "meaning"].map((word) => make("th", word)));
  const body = rows.map(({ name, schema, required, description }) => {
    const label = make("code", name + (required ? " *" : ""));
    const said = [description ?? schema.description ?? "", bounds(schema)].filter(Boolean).join(" — ");
    return make("tr", "", make("td", "", label), make("td", kind(schema)), make("td", said));
  });
  return make("table", "", head, ...body);
}

const fields = (schema) =>
  Object.entries(schema?.properties ?? {}).map(([name, part]) => ({
    name,
    schema: part,
    required: (schema.required ?? []).includes(name),
  }));

/** A small body to start from: the required fields only. */
function example(schema, all, depth = 0) {
  if (!schema || depth > 4) return null;
  if (schema.$ref) return example(all[named(schema)], all, depth + 1);
  if (schema.anyOf) return example(schema.anyOf[0], all, depth + 1);
  if (schema.type === "array") return [example(schema.items, all, depth + 1)];
  if (schema.type === "object" || schema.properties) {
    const needed = fields(schema).filter((field) => field.required);
    return Object.fromEntries(needed.map((f) => [f.name, example(f.schema, all, depth + 1)]));
  }
  return { string: "…", integer: 1, number: 1.0, boolean: true }[schema.type] ?? null;
}

function curl(method, path, body) {
  const lines = [`curl -X ${method.toUpperCase()} ${location.origin}${path}`];
  if (method === "post") lines.push(`  -H 'Content-Type: application/json'`, `  -d '${JSON.stringify(body ?? {})}'`);
  return lines.join(" \\\n");
}

function route(path, method, said, all) {
  const summary = make("summary", "", make("span", method.toUpperCase()), make("code", path));
  summary.firstChild.className = `method ${method}`;
  const inside = make("div", "", make("p", said.description ?? said.summary ?? ""));
  const given = (said.parameters ?? []).filter((p) => p.in !== "header");
  if (given.length) inside.append(make("h4", "Parameters"), table(given));
  const body = said.requestBody?.content?.["application/json"]?.schema;
  if (body) inside.append(make("h4", `Body: ${kind(body)}`), table(fields(all[named(body)])));
  inside.append(make("pre", curl(method, path, example(body, all))));
  const answers = Object.entries(said.responses ?? {}).map(([status, answer]) => {
    const shape = Object.values(answer.content ?? {})[0]?.schema;
    return make("tr", "", make("td", status), make("td", kind(shape)), make("td", answer.description ?? ""));
  });
  inside.append(make("h4", "Answers"), make("table", "", ...answers));
  const box = make("details", "", summary, inside);
  box.dataset.words = `${method} ${path} ${said.description ?? ""}`.toLowerCase();
  return box;
}

function draw(api) {
  document.querySelector("#about").textContent = `${api.info.summary ?? ""} Version ${api.info.version}.`;
  const all = api.components?.schemas ?? {};
  const groups = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((name) => methods[name])) {
      const tag = methods[method].tags?.[0] ?? "";
      groups.set(tag, [...(groups.get(tag) ?? []), route(path, method, methods[method], all)]);
    }
  }
  const main = document.querySelector("#routes");
  for (const [tag, boxes] of groups) main.append(make("section", "", make("h2", tag), ...boxes));
  const shapes = document.querySelector("#shapes");
  for (const [name, schema] of Object.entries(all)) {
    const inside = make("div", "", make("p", schema.description ?? ""), table(fields(schema)));
    shapes.append(make("details", "", make("summary", name), inside));
  }
}

function filter(text) {
  const words = text.toLowerCase().split(/\s+/);
  for (const box of document.querySelectorAll("#routes details")) {
    box.hidden = !words.every((word) => box.dataset.words.includes(word));
  }
}

document.querySelector("#find").addEventListener("input", (event) => filter(event.target.value));
try {
  draw(await (await fetch("/openapi.json")).json());
} catch (error) {
  document.querySelector("#about").textContent = `The description could not be read: ${error.message}`;
}
