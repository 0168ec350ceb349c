/** The console's words in the chosen language, and numbers and times as people write them. */

import en from "./en.js";
import zh from "./zh.js";

/** The languages there are, by their own names. */
export const LANGUAGES = { en: "English", zh: "中文" };

const DICTIONARIES = { en, zh };
let spoken = "en";

/** Speak `language`, or where it is none of ours the best of what the browser asks for. */
export function speak(language) {
  const wanted = [language, ...(navigator.languages ?? [navigator.language])];
  const known = wanted.map((tag) => String(tag).split("-")[0]).find((tag) => tag in DICTIONARIES);
  spoken = known ?? "en";
  document.documentElement.lang = spoken === "zh" ? "zh-CN" : "en";
  return spoken;
}

/** The text called `key`, with `{name}` replaced by `values.name`. */
export function t(key, values = {}) {
  const text = DICTIONARIES[spoken][key] ?? en[key] ?? key;
  if (typeof text === "function") return text(values);
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The name of a kind of event; kinds of the shop's own stay as they are. */
export const eventName = (kind) => (`event.${kind}` in en ? t(`event.${kind}`) : kind);

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(tag(), { maximumFractionDigits: digits }).format(value);

/** A share as per cent. */
export const percent = (value, digits = 1) =>
  new Intl.NumberFormat(tag(), { style: "percent", maximumFractionDigits: digits }).format(value);

/** A price: the catalogue names no currency, so neither do we. */
export const money = (value) => new Intl.NumberFormat(tag(), TWO).format(value);

/** A contribution with its sign, to as many places as tell it apart beside one as large as `most`. */
export function signed(value, most) {
  const places = Math.min(8, Math.max(2, 1 + Math.ceil(-Math.log10(most))));
  return new Intl.NumberFormat(tag(), {
    signDisplay: "exceptZero",
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  }).format(value);
}

/** A moment; positions within a user (small numbers) are not moments. */
export function moment(milliseconds) {
  if (!isMoment(milliseconds)) return "";
  const style = { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(tag(), style).format(milliseconds);
}

/** How long ago, in the largest unit that fits; the date where it is more than a week. */
export function ago(milliseconds) {
  if (!isMoment(milliseconds)) return "";
  if (Date.now() - milliseconds > WEEK) {
    return new Intl.DateTimeFormat(tag(), { dateStyle: "medium" }).format(milliseconds);
  }
  const seconds = (milliseconds - Date.now()) / 1000;
  const units = [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
  ];
  const words = new Intl.RelativeTimeFormat(tag(), { numeric: "auto" });
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  const count = Math.trunc(seconds / size);
  return unit === "second" ? t("now") : words.format(count, unit);
}

const TWO = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
const WEEK = 7 * 86_400_000;

const isMoment = (value) => typeof value === "number" && value >= 1e8;
const tag = () => (spoken === "zh" ? "zh-CN" : "en-GB");
