/** The drawings of buttons. Strokes take the colour of the text beside them. */

import { drawing } from "./dom.js";

const PATHS = {
  view: ["M2 12s3.6-7 10-7 10 7 10 7-3.6 7-10 7S2 12 2 12Z", "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z"],
  cart: ["M3 4h2.2l2.3 11.2h10.3L20 8H6.2", "M9 19.2v.1", "M17 19.2v.1"],
  purchase: ["M5 8h14l-1 12H6L5 8Z", "M9 8V6.5a3 3 0 0 1 6 0V8", "M9.3 14l2 2 3.6-4"],
  dislike: [
    "M7 4v9",
    "M7 13l4 7.5c1.7 0 2.4-1.3 2.1-2.8L12.5 14H18a2 2 0 0 0 2-2.3l-1-6A2 2 0 0 0 17 4H7H4v9h3",
  ],
  rating: ["M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9L12 16.9l-5.2 2.8 1-5.9L3.5 9.7l5.9-.8L12 3.5Z"],
  other: ["M12 8v4l3 2", "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z"],
  person: ["M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8Z", "M4.5 20.5c.7-4 3.6-6 7.5-6s6.800 2 7.500 6"],
  search: ["M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14Z", "M16 16l4.500 4.500"],
  catalogue: ["M4 7l8-4 8 4v10l-8 4-8-4V7Z", "M4 7l8 4 8-4", "M12 11v10"],
  quality: ["M4 20V10", "M10 20V4", "M16 20v-7", "M21 20H3"],
  exploration: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z", "M15.500 8.500l-2.200 4.800-4.800 2.200 2.200-4.800Z"],
  chat: ["M4 5h16v11H10l-5 4v-4H4V5Z", "M8 9.500h8", "M8 12.500h5"],
  answers: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z", "M9.500 9.500a2.500 2.500 0 1 1 3.600 2.200c-.800.400-1.100.900-1.100 1.800", "M12 16.800v.1"],
  opinions: ["M4 13h3l2.500-7 4 12 2.500-7 1 2h3"],
  review: ["M12 3l7.500 3v5.500c0 4.600-3.100 8-7.500 9.500-4.400-1.500-7.500-4.900-7.500-9.500V6L12 3Z", "M8.800 12l2.300 2.300 4.300-4.600"],
  settings: ["M4 7h9", "M17 7h3", "M15 5v4", "M4 17h3", "M11 17h9", "M9 15v4"],
  brand: ["M4 4h8l8 8-8 8-8-8V4Z", "M8.500 8.400v.1"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  again: ["M20 11a8 8 0 1 0-2.300 6.300", "M20 5v6h-6"],
  why: ["M3 17l6-3", "M12 4l7 14H5L12 4Z", "M15 12l6-2", "M16 15h5"],
};

/** A drawing by name; kinds of events that have none get a clock. */
export const icon = (name) => drawing(PATHS[name] ?? PATHS.other);
