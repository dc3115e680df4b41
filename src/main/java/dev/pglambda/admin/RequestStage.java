package dev.pglambda.admin;

/** How far the request of a connection is; its handlers are told, the one at the socket first. */
enum RequestStage {
  /** All of it is there, and it will be answered. */
  ARRIVED,
  /** Its answer is sent, and the next may come. */
  ANSWERED
}
