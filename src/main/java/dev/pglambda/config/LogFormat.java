package dev.pglambda.config;

/** How a log event is written. */
public enum LogFormat {
  /** For people: time, level, message. */
  TEXT,
  /** For programs: one JSON object a line. */
  JSON
}
